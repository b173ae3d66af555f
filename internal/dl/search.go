package dl

import (
	"debug/elf"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// folders are those that Linux systems have libraries in, besides what the loader's
// cache tells.
var folders = []string{"lib", "usr/lib", "lib64", "usr/lib64", "usr/local/lib", "lib/*-linux-*", "usr/lib/*-linux-*", "usr/local/lib/*-linux-*"}

// Search lists the files that Linux's loader may take for the name of a library, in its
// order, on a machine whose root is system. libraryPath is the variable LD_LIBRARY_PATH.
// The files need not exist, and some may be for other processors, which the loader passes
// over.
func Search(system fs.FS, libraryPath, name string) (candidates []string) {
	candidates = inPath(libraryPath, name)
	candidates = append(candidates, loaderCache(system)[name]...)
	return append(candidates, inFolders(system, name)...)
}

func inPath(libraryPath, name string) (candidates []string) {
	for dir := range strings.SplitSeq(libraryPath, ":") {
		if dir != "" {
			candidates = append(candidates, path.Join(dir, name))
		}
	}
	return candidates
}

// loaderCache lists the files that the loader's cache has for each name. It holds its paths
// as C strings among binary data.
func loaderCache(system fs.FS) map[string][]string {
	files := make(map[string][]string)
	cache, _ := fs.ReadFile(system, "etc/ld.so.cache") // a machine without one is searched as well
	for s := range strings.SplitSeq(string(cache), "\x00") {
		if strings.HasPrefix(s, "/") {
			files[path.Base(s)] = append(files[path.Base(s)], s)
		}
	}
	return files
}

func inFolders(system fs.FS, name string) (candidates []string) {
	for _, pattern := range folders {
		found, err := fs.Glob(system, path.Join(pattern, name))
		if err != nil {
			continue
		}
		for _, f := range found {
			candidates = append(candidates, "/"+f)
		}
	}
	return candidates
}

// locate returns the file that the loader takes for a path or a name, "" if that is not
// known. Names are searched for on Linux only, where it is known how.
func locate(name string) string {
	if isPath(name) {
		return name
	}
	if runtime.GOOS != "linux" {
		return ""
	}
	exe, _ := os.Executable() // without it there is less to look at
	libraryPath := os.Getenv("LD_LIBRARY_PATH") + ":" + runPath(exe, elf.DT_RPATH) + ":" + runPath(exe, elf.DT_RUNPATH)
	return firstUsable(Search(os.DirFS("/"), libraryPath, name))
}

// firstUsable is the first file that is there and for this processor, "" if none is.
func firstUsable(candidates []string) string {
	for _, candidate := range candidates {
		if _, err := os.Stat(candidate); err == nil && !foreign(candidate) {
			return candidate
		}
	}
	return ""
}

// runPath is where an ELF file has the libraries searched for that it needs, in the form of
// LD_LIBRARY_PATH.
func runPath(file string, tag elf.DynTag) string {
	f, err := elf.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	values, _ := f.DynString(tag) // a static program has none
	origin := filepath.Dir(file)
	return strings.NewReplacer("$ORIGIN", origin, "${ORIGIN}", origin).Replace(strings.Join(values, ":"))
}
