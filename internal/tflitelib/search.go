package tflitelib

import (
	"cmp"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/gocoral/coral/internal/cache"
	"github.com/gocoral/coral/internal/capi"
	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/oldabi"
)

// defaultVersion is the one of third_party/runtimes.json.
const defaultVersion = "2.17.1"

// fileNames are what the library is called on this system.
func fileNames() []string {
	switch runtime.GOOS {
	case "windows":
		return []string{"tensorflowlite_c.dll", "libtensorflowlite_c.dll"}
	case "darwin":
		return []string{"libtensorflowlite_c.dylib"}
	}
	return []string{"libtensorflowlite_c.so"}
}

// search is one look for a library.
type search struct {
	privileged bool
	// shown: the process shows functions of TensorFlow Lite to all libraries, maybe of a copy
	// that is not a whole one.
	shown    bool
	attempts []attempt
	steps    []func(*slog.Logger)
}

func newSearch() *search {
	return &search{privileged: dl.Privileged(), shown: shown()}
}

// inside are functions that the library calls by their names itself, besides those that are
// called from here.
var inside = []string{"TfLiteIntArrayCreate", "TfLiteIntArrayFree", "TfLiteTensorFree", "TfLiteTypeGetName", "TfLiteXNNPackDelegateOptionsDefault"}

func shown() bool {
	names := slices.Clone(inside)
	for _, f := range capi.Functions() {
		names = append(names, f.Name)
	}
	program := dl.Program()
	return slices.ContainsFunc(names, func(name string) bool {
		_, err := program.Symbol(name)
		return err == nil
	})
}

// environment is the variable's value, "" where it does not count.
func (s *search) environment() string {
	path := os.Getenv(Variable)
	if path != "" && s.privileged {
		s.pass(Environment, path, errPrivileged)
		return ""
	}
	return path
}

var errPrivileged = errors.New("not looked at, because this process has more rights than its user")

// linked takes what the linker has bound.
func (s *search) linked() (*Library, error) {
	library, err := bound(Linked)
	if err != nil {
		s.pass(Linked, "", err)
		return nil, s.failed()
	}
	return s.found(library), nil
}

// named takes the library that somebody has named, or none.
func (s *search) named(source Source, path string) (*Library, error) {
	if library := s.open(source, path); library != nil {
		return library, nil
	}
	return nil, s.failed()
}

// all takes the first that is usable of all that is found.
func (s *search) all() (*Library, error) {
	if s.shown {
		library, err := bound(Process)
		if err == nil {
			return s.found(library), nil
		}
		s.pass(Process, "", err)
	}
	for _, step := range []func() *Library{s.besideExecutable, s.inCache, s.byLoader} {
		if library := step(); library != nil {
			return library, nil
		}
	}
	return nil, s.failed()
}

func (s *search) besideExecutable() *Library {
	exe, err := os.Executable()
	if err != nil {
		s.pass(Executable, "", err)
		return nil
	}
	dir := filepath.Dir(exe)
	for _, folder := range []string{dir, filepath.Join(dir, "lib")} {
		if s.privileged && !systemFolder(folder) {
			s.pass(Executable, folder, errPrivileged)
			return nil // and nothing below it
		}
		if library := s.inFolder(Executable, folder); library != nil {
			return library
		}
	}
	return nil
}

func (s *search) inCache() *Library {
	if s.privileged {
		s.pass(Cache, "", errPrivileged)
		return nil
	}
	dir, err := cache.Dir()
	if err != nil {
		s.pass(Cache, "", err)
		return nil
	}
	versions, err := versionsIn(cache.Libraries(dir))
	if err != nil {
		s.pass(Cache, cache.Libraries(dir), err)
		return nil
	}
	for _, v := range versions {
		file := cache.Library(dir, v, runtime.GOOS+"_"+runtime.GOARCH, fileNames()[0])
		if library := s.inFolder(Cache, filepath.Dir(file)); library != nil {
			return library
		}
	}
	return nil
}

func (s *search) byLoader() *Library {
	for _, name := range fileNames() {
		if library := s.open(Loader, name); library != nil {
			return library
		}
	}
	return nil
}

// inFolder takes the first usable library in a folder.
func (s *search) inFolder(source Source, folder string) *Library {
	for _, name := range fileNames() {
		path := filepath.Join(folder, name)
		if _, err := os.Lstat(path); isAbsent(err) {
			s.pass(source, path, errAbsent)
			continue
		}
		if library := s.open(source, path); library != nil {
			return library
		}
	}
	return nil
}

var (
	errAbsent  = errors.New("there is no such file")
	errNothing = errors.New("nothing was fetched into it")
)

// isAbsent: there is no such file, or what should be its folder is none.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// open opens a library and keeps the reason if it is not usable.
func (s *search) open(source Source, path string) *Library {
	// By its path, so that the loader takes no other one of that name which is open already.
	file := cmp.Or(dl.Locate(path), path)
	library, err := openAndBind(source, absolute(file), s.shown)
	if err != nil {
		s.pass(source, path, err)
		return nil
	}
	return s.found(library)
}

// absolute is a path that stays right in another folder. Names stay names. It is not cleaned,
// but on Windows, where the system cleans it: link/.. is not the folder that link is in.
func absolute(path string) string {
	if !isPath(path) || filepath.IsAbs(path) {
		return path
	}
	if runtime.GOOS == "windows" {
		full, err := filepath.Abs(path)
		if err != nil {
			return path
		}
		return full
	}
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	return dir + "/" + strings.TrimPrefix(path, "./")
}

// note keeps a step for the logger.
func (s *search) note(message string, args ...any) {
	s.steps = append(s.steps, func(l *slog.Logger) { l.Debug(message, args...) })
}

// report tells the logger, if there is one, of all steps.
func (s *search) report() {
	l := logger.Load()
	if s == nil || l == nil {
		return
	}
	for _, step := range s.steps {
		step(l)
	}
}

// found makes a library the one in use.
func (s *search) found(library *Library) *Library {
	library.Path = absolute(library.Path) // LD_LIBRARY_PATH may have relative folders
	s.note("opened TensorFlow Lite", "version", library.Version, "path", library.Path, "source", library.Source, "absent", library.Absent)
	oldabi.RuntimeOpened(library.Version, library.Known())
	capi.Publish()
	current.Store(library)
	return library
}

func (s *search) pass(source Source, path string, err error) {
	s.note("looked for TensorFlow Lite", "source", source, "path", path, "error", err)
	s.attempts = append(s.attempts, attempt{source, path, err})
}

func (s *search) failed() error { return &Error{attempts: s.attempts} }

// versionsIn lists the folders of versions, the default first, then the newest.
func versionsIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !isAbsent(err) {
		return nil, err
	}
	var versions []string
	for _, e := range entries {
		if !e.Type().IsRegular() { // a folder, or a link to one
			versions = append(versions, e.Name())
		}
	}
	if len(versions) == 0 {
		return nil, errNothing
	}
	slices.SortFunc(versions, func(a, b string) int {
		switch {
		case a == b:
			return 0
		case a == defaultVersion:
			return -1
		case b == defaultVersion:
			return 1
		}
		return slices.Compare(numbers(b), numbers(a))
	})
	return versions, nil
}

// numbers are those of a version, up to the first part that is none.
func numbers(version string) (n []int) {
	for part := range strings.SplitSeq(version, ".") {
		k, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		n = append(n, k)
	}
	return n
}
