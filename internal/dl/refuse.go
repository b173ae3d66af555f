package dl

import (
	"errors"
	"fmt"
	"io/fs"
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
	for _, file := range locate(path) {
		if failure := harmful(file); failure != nil {
			failure.Path = path
			return failure
		}
		if name, failure := harmfulDependency(file); failure != nil {
			failure.Path, failure.Reason = path, MissingDependency
			failure.Text = fmt.Sprintf("it needs %s, and %s", name, failure.Text)
			return failure
		}
	}
	return nil
}

// harmful tells of a file that must not reach the loader what is wrong with it: opening a
// pipe blocks, and a library that was cut short ends the process by SIGBUS, and
// one of zeros where the download had not come to by SIGSEGV.
func harmful(file string) *Error {
	switch err := files.Regular(file); {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return nil
	case err != nil:
		return &Error{Text: err.Error(), Reason: NotLibrary, Advice: "give the path of a shared library for " + runtime.GOOS}
	}
	return damaged(file)
}

// damaged tells of an ELF file that parts are missing which the loader takes to be there.
func damaged(file string) *Error {
	m, have, err := openImage(file)
	if err != nil {
		return nil
	}
	defer m.source.Close()
	text := ""
	if need := m.extent(); need > have {
		text = fmt.Sprintf("the file %s was cut short: it has %d bytes of at least %d", file, have, need)
	} else if fault := m.fault(); fault != "" && !foreign(file) {
		text = fmt.Sprintf("the file %s is damaged: %s", file, fault)
	}
	if text == "" {
		return nil
	}
	return &Error{Text: text, Reason: NotLibrary, Advice: "fetch or install it again"}
}
