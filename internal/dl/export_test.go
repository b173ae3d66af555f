package dl

import (
	"debug/elf"
	"io"
)

// Explain is explain, for the texts of loaders that the test machine has not.
var Explain = explain

// Read is what is read of an ELF file, for files of processors that the test machine has no
// compiler for.
func Read(r io.ReaderAt, names ...string) (needed, runpath, lacking []string, fault string, err error) {
	m, err := newImage(r)
	if err != nil {
		return nil, nil, nil, "", err
	}
	return m.texts(elf.DT_NEEDED), m.texts(elf.DT_RUNPATH), m.lacking(names), m.fault(), nil
}
