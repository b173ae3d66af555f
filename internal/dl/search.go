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
	for dir := range strings.SplitSeq(libraryPath, ":") {
		if dir != "" {
			candidates = append(candidates, path.Join(dir, name))
		}
	}
	// The loader's cache holds its paths as C strings among binary data.
	cache, _ := fs.ReadFile(system, "etc/ld.so.cache") // a machine without one is searched as well
	for s := range strings.SplitSeq(string(cache), "\x00") {
		if strings.HasPrefix(s, "/") && path.Base(s) == name {
			candidates = append(candidates, s)
		}
	}
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
	libraryPath := strings.Join(append([]string{os.Getenv("LD_LIBRARY_PATH")}, runPath()...), ":")
	for _, candidate := range Search(os.DirFS("/"), libraryPath, name) {
		if _, err := os.Stat(candidate); err == nil && !foreign(candidate) {
			return candidate
		}
	}
	return ""
}

// runPath is where this program itself has its libraries searched for.
func runPath() (folders []string) {
	exe, err := os.Executable()
	if err != nil {
		return nil
	}
	f, err := elf.Open(exe)
	if err != nil {
		return nil
	}
	defer f.Close()
	origin := strings.NewReplacer("$ORIGIN", filepath.Dir(exe), "${ORIGIN}", filepath.Dir(exe))
	for _, tag := range []elf.DynTag{elf.DT_RPATH, elf.DT_RUNPATH} {
		values, _ := f.DynString(tag) // a static program has none
		for _, value := range values {
			folders = append(folders, origin.Replace(value))
		}
	}
	return folders
}
