package dl

import (
	"debug/elf"
	"encoding/binary"
	"io"

	"github.com/gocoral/coral/internal/files"
)

// processors that Go programs run on here, in Go's words.
var processors = map[elf.Machine]string{
	elf.EM_386:     "386",
	elf.EM_X86_64:  "amd64",
	elf.EM_ARM:     "arm",
	elf.EM_AARCH64: "arm64",
	elf.EM_RISCV:   "riscv64",
}

// Processor reads from the beginning of an ELF file which processor it is for, in Go's
// words such as "arm64", or in ELF's ("EM_S390") for one that Go programs do not run on
// here. It returns "" for what is no ELF file.
func Processor(r io.Reader) string {
	var header [20]byte // up to e_machine
	if _, err := io.ReadFull(r, header[:]); err != nil || string(header[:4]) != elf.ELFMAG {
		return ""
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(header[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	machine := elf.Machine(order.Uint16(header[18:]))
	if name, ok := processors[machine]; ok {
		return name
	}
	return machine.String()
}

// processorOf is the [Processor] of a file, "" also if it cannot be read.
func processorOf(path string) string {
	f, err := files.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	return Processor(f)
}
