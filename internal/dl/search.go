package dl

import (
	"cmp"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// folders are those that Linux systems have libraries in, besides what the loader's
// cache tells.
var folders = []string{"lib", "usr/lib", "lib64", "usr/lib64", "usr/local/lib", "lib/*-linux-*", "usr/lib/*-linux-*", "usr/local/lib/*-linux-*"}

// Search lists the files that Linux's loader may take for the name of a library, in its
// order, on a machine whose root is system. libraryPath is the variable LD_LIBRARY_PATH.
// The files need not exist, and some may be for other processors, which the loader passes
// over.
func Search(system fs.FS, libraryPath, name string) (candidates []string) {
	candidates = inPath(variableFolders(libraryPath, "$ORIGIN"), name)
	candidates = append(candidates, loaderCache(system)[name]...)
	return append(candidates, inFolders(system, name)...)
}

func inPath(folders []string, name string) (candidates []string) {
	for _, dir := range folders {
		candidates = append(candidates, dir+"/"+name) // not cleaned: link/.. is not the folder of link
	}
	return candidates
}

// pathFolders are those of a run path, nil for an empty one. An empty element is the current
// folder.
func pathFolders(list, origin string) (folders []string) {
	if list == "" {
		return nil
	}
	for dir := range strings.SplitSeq(list, ":") {
		folders = append(folders, cmp.Or(expand(dir, origin), "."))
	}
	return folders
}

// variableFolders are those of LD_LIBRARY_PATH, in which semicolons separate too.
func variableFolders(list, origin string) []string {
	return pathFolders(strings.ReplaceAll(list, ";", ":"), origin)
}

// expand replaces the folder of the file that a path is in.
func expand(path, origin string) string {
	return strings.NewReplacer("$ORIGIN", origin, "${ORIGIN}", origin).Replace(path)
}

// startFolders are those of LD_LIBRARY_PATH as it was when the process started: the loader
// does not look at it again. It ignores it where the process has more rights than its user.
var startFolders = sync.OnceValue(func() []string {
	if Privileged() {
		return nil
	}
	exe, _ := os.Executable() // without it there is less to look at
	return variableFolders(atStart("LD_LIBRARY_PATH"), filepath.Dir(exe))
})

// atStart is the value of a variable when the process started.
func atStart(variable string) (value string) {
	environment, err := os.ReadFile("/proc/self/environ")
	if err != nil {
		return os.Getenv(variable)
	}
	for line := range strings.SplitSeq(string(environment), "\x00") {
		if v, ok := strings.CutPrefix(line, variable+"="); ok {
			value = v
		}
	}
	return value
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

// locate returns the file that the loader takes for a path or a name, after those that it
// takes instead on some processors; none if that is not known. Names are searched for on
// Linux only, where it is known how.
func locate(name string) []string {
	if isPath(name) {
		return []string{name}
	}
	if runtime.GOOS != "linux" {
		return nil
	}
	return newDependencies().find(ofProgram(), name)
}

// Locate is the path of the library that the loader's search finds for a name, "" where that
// is not known. A path gives itself.
func Locate(name string) string {
	if found := locate(name); len(found) == 1 {
		return found[0]
	}
	return ""
}

// usable is the first file that is there and for this processor, none if there is none,
// after those that the loader takes instead on processors that have more instructions.
func usable(candidates []string) (found []string) {
	for _, candidate := range candidates {
		found = append(found, variants(candidate)...)
		if isUsable(candidate) {
			return append(found, candidate)
		}
	}
	return found
}

func isUsable(file string) bool {
	_, err := os.Stat(file)
	return err == nil && !foreign(file)
}

// variants are the forms of a library for processors that have more instructions.
func variants(library string) (found []string) {
	dir := filepath.Join(filepath.Dir(library), "glibc-hwcaps")
	levels, _ := os.ReadDir(dir) // there are none in most folders
	for _, level := range levels {
		if file := filepath.Join(dir, level.Name(), filepath.Base(library)); isUsable(file) {
			found = append(found, file)
		}
	}
	return found
}
