package dl

import (
	"debug/elf"
	"io/fs"
	"os"
	"runtime"
)

// harmfulDependency looks at the libraries that an ELF file needs, and at those that they
// need, as the loader is going to find them. It returns the name of the first that must not
// reach it, and why. What is not found, the loader says itself.
//
// A file without section headers, of which package elf tells no dependencies, is taken to
// have none.
func harmfulDependency(file string) (string, *Error) {
	if runtime.GOOS != "linux" {
		return "", nil
	}
	s := dependencies{system: os.DirFS("/"), seen: make(map[string]bool)}
	return s.harmful(file)
}

// dependencies is one look at a library and all that it needs.
type dependencies struct {
	system fs.FS
	cache  map[string][]string // of the loader, nil as long as it was not needed
	seen   map[string]bool     // names that were looked at
}

func (s *dependencies) harmful(file string) (string, *Error) {
	for _, name := range needs(file) {
		if s.seen[name] {
			continue
		}
		s.seen[name] = true // the loader, too, takes the first of a name for all
		found := s.find(file, name)
		if found == "" {
			continue
		}
		if failure := harmful(found); failure != nil {
			return name, failure
		}
		if name, failure := s.harmful(found); failure != nil {
			return name, failure
		}
	}
	return "", nil
}

// needs lists the names of the libraries that a file needs.
func needs(file string) []string {
	f, err := elf.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	names, _ := f.DynString(elf.DT_NEEDED) // a static program has none
	return names
}

// find returns the file that the loader takes for a name that a file needs.
func (s *dependencies) find(file, name string) string {
	if isPath(name) {
		return name
	}
	run := runPath(file, elf.DT_RUNPATH)
	libraryPath := os.Getenv("LD_LIBRARY_PATH") + ":" + run
	if run == "" { // which makes the loader ignore the older form
		libraryPath = runPath(file, elf.DT_RPATH) + ":" + libraryPath
	}
	if found := firstUsable(inPath(libraryPath, name)); found != "" {
		return found
	}
	if s.cache == nil {
		s.cache = loaderCache(s.system)
	}
	if found := firstUsable(s.cache[name]); found != "" {
		return found
	}
	return firstUsable(inFolders(s.system, name))
}
