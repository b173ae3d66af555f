package main

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
)

// maxFile is the largest file that may be committed, in bytes.
const maxFile = 100_000

// nativeSuffixes are those of compiled code, which never goes into the repository.
var nativeSuffixes = []string{".a", ".dll", ".dylib", ".exe", ".o", ".so"}

// noLargeOrBinaryFiles: what is committed is source. Native libraries and models
// are fetched by a manifest with hashes; a small model for a test may be committed
// if the script that makes it stands beside it or one folder up.
func noLargeOrBinaryFiles(t *tree) ([]finding, error) {
	var found []finding
	for _, name := range t.files {
		info, err := fs.Stat(t.fsys, name)
		if err != nil {
			return nil, err
		}
		if info.Size() > maxFile {
			found = append(found, finding{name, fmt.Sprintf("%d bytes, over %d; fetch or generate it instead", info.Size(), maxFile)})
		}
		suffix := path.Ext(name)
		if slices.Contains(nativeSuffixes, suffix) {
			found = append(found, finding{name, "compiled code; list it in third_party's manifest instead"})
		}
		if suffix == ".tflite" && !t.hasGenerator(path.Dir(name)) {
			found = append(found, finding{name, "a model without the script that made it; commit the .py or .go generator beside it"})
		}
	}
	return found, nil
}

// hasGenerator reports whether dir or the folder above holds what can have made a
// model: a Python script, a Go program that go build ignores, or a Go test that
// makes its fixtures and compares them with what is committed.
func (t *tree) hasGenerator(dir string) bool {
	return slices.ContainsFunc(t.files, func(name string) bool {
		in := path.Dir(name)
		if in != dir && in != path.Dir(dir) {
			return false
		}
		base := path.Base(name)
		return path.Ext(base) == ".py" || base == "generate.go" || base == "fixtures_test.go"
	})
}
