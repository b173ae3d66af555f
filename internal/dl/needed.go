package dl

import (
	"io/fs"
	"os"
	"runtime"
)

// harmfulDependency looks at the libraries that an ELF file needs, and at those that they
// need, as the loader is going to find them. It returns the name of the first that must not
// reach it, and why. What is not found, the loader says itself.
func harmfulDependency(file string) (string, *Error) {
	if runtime.GOOS != "linux" {
		return "", nil
	}
	s := newDependencies()
	return s.harmful(file, ofProgram().rpath)
}

// dependencies is one look at a library and all that it needs.
type dependencies struct {
	system fs.FS
	cache  map[string][]string // of the loader, nil as long as it was not needed
	seen   map[string]bool     // names that were looked at
}

func newDependencies() *dependencies {
	return &dependencies{system: os.DirFS("/"), seen: make(map[string]bool)}
}

// harmful gets the older form of run path of all that the file is needed by, which counts
// for it as well.
func (s *dependencies) harmful(file string, inherited []string) (string, *Error) {
	l := linkageOf(file)
	l.rpath = append(l.rpath, inherited...)
	for _, name := range l.needed {
		if s.seen[name] {
			continue
		}
		s.seen[name] = true // the loader, too, takes the first of a name for all
		for _, found := range s.find(l, name) {
			if failure := harmful(found); failure != nil {
				return name, failure
			}
			if name, failure := s.harmful(found, l.rpath); failure != nil {
				return name, failure
			}
		}
	}
	return "", nil
}

// find returns the file that the loader takes for a name that a file of this linkage needs,
// after those that it takes instead on some processors.
func (s *dependencies) find(l linkage, name string) []string {
	if isPath(name) {
		return []string{name}
	}
	var folders []string
	if l.runpath == nil {
		folders = append(folders, l.rpath...)
	}
	folders = append(append(folders, startFolders()...), l.runpath...)
	if found := usable(inPath(folders, name)); found != nil {
		return found
	}
	if s.cache == nil {
		s.cache = loaderCache(s.system)
	}
	if found := usable(s.cache[name]); found != nil {
		return found
	}
	return usable(inFolders(s.system, name))
}

// ofProgram is the linkage of the program itself.
func ofProgram() linkage {
	exe, err := os.Executable()
	if err != nil {
		return linkage{} // then there is less to look at
	}
	return linkageOf(exe)
}
