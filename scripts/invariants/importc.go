package main

import (
	"fmt"
	"go/build"
	"io"
	"path"
	"strings"
)

// nativePackages may call C, and only they. Every other package is plain Go, which
// is what keeps the native code small enough to be read as a whole.
var nativePackages = map[string]string{
	"internal/capi":        "the TensorFlow Lite C API",
	"internal/dl":          "dlopen",
	"internal/libedgetpu":  "the C interface of libedgetpu, opened at run time",
	"internal/turbojpeg":   "the C interface of libjpeg-turbo, opened at run time",
	"internal/oldabi":      "the adapter for delegates of before TensorFlow 2.12",
	"bench/internal/cloop": "the loop in C that Invoke is measured against",
}

// importCWhereAgreed: import "C" stands only in [nativePackages], and there in one
// file of any build, because each further preamble is another place where types
// and flags can differ. Files named link*.go, which hold nothing but linker flags,
// do not count.
func importCWhereAgreed(t *tree) ([]finding, error) {
	var found []finding
	first := map[string]string{} // package folder and platform → file
	for _, f := range t.goes {
		spec, _ := f.importC()
		if spec == nil {
			continue
		}
		where := t.at(spec.Pos())
		if _, ok := nativePackages[f.dir()]; !ok {
			found = append(found, finding{where, `import "C" outside the native packages (see scripts/invariants/importc.go); call one of them instead`})
			continue
		}
		if strings.HasPrefix(path.Base(f.path), "link") {
			continue
		}
		for _, goos := range []string{"linux", "darwin", "windows"} {
			built, err := t.builtOn(goos, f.path)
			if err != nil {
				return nil, err
			}
			if !built {
				continue
			}
			key := f.dir() + " " + goos
			if other, ok := first[key]; ok {
				found = append(found, finding{where, fmt.Sprintf(`a second import "C" in one package on %s, after %s; put the calls there`, goos, other)})
				break
			}
			first[key] = f.path
		}
	}
	return found, nil
}

// builtOn reports whether name belongs to a cgo build for goos without tags.
func (t *tree) builtOn(goos, name string) (bool, error) {
	ctx := build.Default
	ctx.GOOS, ctx.GOARCH, ctx.CgoEnabled, ctx.BuildTags = goos, "amd64", true, nil
	ctx.JoinPath = path.Join
	ctx.OpenFile = func(name string) (io.ReadCloser, error) { return t.fsys.Open(name) }
	return ctx.MatchFile(path.Dir(name), path.Base(name))
}
