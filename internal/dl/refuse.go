package dl

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gocoral/coral/internal/files"
)

// isPath tells a path from a name that the loader searches for.
func isPath(path string) bool {
	return strings.ContainsAny(path, `/`+string(filepath.Separator))
}

// refuse returns an error for a file that must not reach the loader, because of itself or of
// a library that it needs. What is wrong otherwise, the loader says itself.
func refuse(path string) error {
	file := locate(path)
	if file == "" {
		return nil
	}
	if failure := harmful(file); failure != nil {
		failure.Path = path
		return failure
	}
	if name, failure := harmfulDependency(file); failure != nil {
		failure.Path, failure.Reason = path, MissingDependency
		failure.Text = fmt.Sprintf("it needs %s, and %s", name, failure.Text)
		return failure
	}
	return nil
}

// harmful tells of a file that must not reach the loader what is wrong with it: opening a
// pipe blocks, and a library that was cut short ends the process by SIGBUS.
func harmful(file string) *Error {
	switch err := files.Regular(file); {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return nil
	case err != nil:
		return &Error{Text: err.Error(), Reason: NotLibrary, Advice: "give the path of a shared library for " + runtime.GOOS}
	}
	if need, have := extent(file); need > have {
		return &Error{
			Text:   fmt.Sprintf("the file %s was cut short: it has %d bytes of at least %d", file, have, need),
			Reason: NotLibrary, Advice: "fetch or install it again",
		}
	}
	return nil
}

// extent is how long the ELF file at path must be to hold all that the loader maps, and
// how long it is; 0 and 0 if that cannot be told.
func extent(path string) (need, have uint64) {
	r, err := os.Open(path)
	if err != nil {
		return 0, 0
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		return 0, 0
	}
	f, err := elf.NewFile(withoutSections{r})
	if err != nil {
		return 0, 0
	}
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		end, carry := bits.Add64(p.Off, p.Filesz, 0)
		need = max(need, end, -carry) // all ones if it overflows
	}
	return need, uint64(info.Size())
}

// withoutSections is an ELF file that claims to have no section headers. They are the
// last thing in a file, the loader does not need them, and package elf reads nothing of a
// file that lacks them but should have them.
type withoutSections struct{ io.ReaderAt }

// The places of e_shoff and of e_shnum with e_shstrndx in the headers of both classes.
var sectionFields = map[elf.Class][2]struct{ from, to int }{
	elf.ELFCLASS32: {{32, 36}, {48, 52}},
	elf.ELFCLASS64: {{40, 48}, {60, 64}},
}

func (w withoutSections) ReadAt(b []byte, off int64) (int, error) {
	n, err := w.ReaderAt.ReadAt(b, off)
	var ident [elf.EI_NIDENT]byte
	if _, err := w.ReaderAt.ReadAt(ident[:], 0); err != nil {
		return n, err
	}
	for _, field := range sectionFields[elf.Class(ident[elf.EI_CLASS])] {
		from, to := max(int64(field.from)-off, 0), min(int64(field.to)-off, int64(n))
		if from < to {
			clear(b[from:to])
		}
	}
	return n, err
}
