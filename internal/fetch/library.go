package fetch

import (
	"errors"
	"io/fs"

	"github.com/gocoral/coral/internal/cache"
	thirdparty "github.com/gocoral/coral/third_party"
)

// libraryMode is what libraries are written with.
const libraryMode fs.FileMode = 0o755

// Library is the library of one version for one platform.
type Library struct {
	Runtime thirdparty.Runtime
	Build   thirdparty.Build
	// Path is the absolute path of the file, whether it is there or not.
	Path string
}

// State is what is found where a [Library] should be.
type State string

// The states of a library.
const (
	Absent  State = "absent"
	Fetched State = "fetched"
	Damaged State = "damaged" // a file of another hash
)

// Libraries are all of the manifest, as they would lie in the folder root (see [Root]).
func (f *Fetcher) Libraries(root string) []Library {
	var all []Library
	for _, r := range f.Runtimes {
		for _, b := range r.Builds {
			l := Library{Runtime: r, Build: b}
			l.Path = l.pathIn(root)
			all = append(all, l)
		}
	}
	return all
}

func (l Library) pathIn(root string) string {
	return cache.Library(root, l.Runtime.Version, l.Build.Dir(), l.Build.Library)
}

// Check is [CheckFile] for the library.
func (l Library) Check() error { return CheckFile(l.Path, l.Build.LibrarySHA256) }

// State looks at the file. The error is that of a file that cannot be read.
func (l Library) State() (State, error) {
	err := l.Check()
	_, damaged := errors.AsType[*hashError](err)
	switch {
	case err == nil:
		return Fetched, nil
	case damaged:
		return Damaged, nil
	case errors.Is(err, fs.ErrNotExist):
		return Absent, nil
	}
	return "", err
}

// copyFromCache takes the file from the user's cache folder, and reports whether a good one
// was there.
func (l Library) copyFromCache() bool {
	root, err := cache.Dir()
	if err != nil {
		return false
	}
	return CopyFile(l.Path, libraryMode, l.pathIn(root), l.Build.LibrarySHA256) == nil
}

// HowUsed says in a sentence how programs of the machine that the library is for come to
// open it. It is empty where there is nothing to say of that.
func (f *Fetcher) HowUsed(r Request, l Library) string {
	switch first := f.Runtimes[0].Version; {
	case r.Into != "":
		return "programs find it beside them, or in a folder lib beside them; others need CORAL_TFLITE_LIB to name it"
	case l.Build.Platform != f.Host:
		return ""
	case r.Root != "":
		return "programs use it where CORAL_TFLITE_LIB names it"
	case l.Runtime.Version != first:
		return "programs find it there by themselves, unless " + first + " or a newer one is there too: then let CORAL_TFLITE_LIB name it"
	default:
		return "programs find it there by themselves"
	}
}
