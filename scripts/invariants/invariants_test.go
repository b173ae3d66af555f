package main

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// files makes a tree from file names and contents.
func files(t *testing.T, content map[string]string) *tree {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range content {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	tr, err := newTree(fsys, slices.Collect(maps.Keys(content)))
	require.NoError(t, err)
	return tr
}

// wheres runs a rule and returns where it found something, sorted.
func wheres(t *testing.T, check func(*tree) ([]finding, error), content map[string]string) []string {
	t.Helper()
	found, err := check(files(t, content))
	require.NoError(t, err)
	var out []string
	for _, f := range found {
		assert.NotEmpty(t, f.what)
		out = append(out, f.where)
	}
	slices.Sort(out)
	return out
}

func TestNoExportedCTypes(t *testing.T) {
	clean := `package capi

// #include "shim.h"
import "C"
import "unsafe"

type Model unsafe.Pointer
type Tensor struct{ p *C.TfLiteTensor }
type hidden struct{}

var Version = sync(func() string { return C.GoString(C.TfLiteVersion()) })
var handle C.int

func Free(p unsafe.Pointer)          { C.coral_free(p) }
func (h *hidden) Raw() C.int         { return 0 }
func convert(p *C.int) (n C.int32_t) { return 0 }
`
	assert.Empty(t, wheres(t, noExportedCTypes, map[string]string{"internal/capi/a.go": clean}))

	for name, line := range map[string]string{
		"parameter":      `func Free(p *C.TfLiteModel) {}`,
		"result":         `func Size() C.size_t { return 0 }`,
		"method":         `func (t *Tensor) Raw() *C.TfLiteTensor { return t.p }`,
		"generic method": `func (t List[T]) Raw() *C.TfLiteTensor { return nil }`,
		"field":          `type View struct{ Bytes C.size_t }`,
		"named type":     `type Status C.TfLiteStatus`,
		"variable":       `var Last C.int`,
		"value":          `const OK = C.kTfLiteOk`,
		"function type":  `type Callback func(C.int)`,
		"interface":      `type Sizer interface{ Size() C.size_t }`,
		"callback value": `var Report = func(code C.int) {}`,
	} {
		t.Run(name, func(t *testing.T) {
			bad := map[string]string{"internal/capi/a.go": clean + line}
			assert.Equal(t, []string{"internal/capi/a.go:17"}, wheres(t, noExportedCTypes, bad))
		})
	}
}

func TestImportCWhereAgreed(t *testing.T) {
	clean := map[string]string{
		"internal/capi/capi.go":           "package capi\n\nimport \"C\"\n",
		"internal/capi/link.go":           "//go:build cgo && !tflite_pkgconfig\n\npackage capi\n\n// #cgo LDFLAGS: -lx\nimport \"C\"\n",
		"internal/capi/link_pkgconfig.go": "//go:build cgo && tflite_pkgconfig\n\npackage capi\n\nimport \"C\"\n",
		"internal/dl/dl_unix.go":          "//go:build cgo && !windows\n\npackage dl\n\nimport \"C\"\n",
		"internal/dl/dl_windows.go":       "package dl\n\nimport \"C\"\n",
		"tflite/tensor.go":                "package tflite\n",
	}
	assert.Empty(t, wheres(t, importCWhereAgreed, clean))

	t.Run("elsewhere", func(t *testing.T) {
		bad := maps.Clone(clean)
		bad["tflite/tensor.go"] = "package tflite\n\nimport (\n\t\"fmt\"\n\t\"C\"\n)\n"
		assert.Equal(t, []string{"tflite/tensor.go:5"}, wheres(t, importCWhereAgreed, bad))
	})
	t.Run("twice in a package", func(t *testing.T) {
		bad := maps.Clone(clean)
		bad["internal/dl/dl_darwin.go"] = "package dl\n\nimport \"C\"\n"
		assert.Len(t, wheres(t, importCWhereAgreed, bad), 1)
	})
}

func TestOptionalSymbolsInShimOnly(t *testing.T) {
	clean := map[string]string{
		optionalList: `/*   OPTIONAL(return type, name, (parameters)) */
OPTIONAL(TfLiteStatus, TfLiteInterpreterCancel, (const TfLiteInterpreter*))
OPTIONAL(TfLiteModel*, TfLiteModelCreateWithErrorReporter,
         (const void*, size_t, void (*)(void*, const char*, va_list), void*))
`,
		"internal/capi/capi.go": `package capi

// #include "shim.h"
import "C"

// Cancel is TfLiteInterpreterCancel, which a comment may well say.
func Cancel() { C.coral_interpreter_cancel(nil); C.TfLiteInterpreterCancelled() }
`,
		"model/other.go": "package model\n\nvar C struct{ TfLiteInterpreterCancel int }\n\nvar x = C.TfLiteInterpreterCancel\n",
	}
	assert.Empty(t, wheres(t, optionalSymbolsInShimOnly, clean))

	for name, line := range map[string]string{
		"call":  "func Bad() { C.TfLiteInterpreterCancel(nil) }",
		"value": "var bad = C.TfLiteModelCreateWithErrorReporter",
	} {
		t.Run(name, func(t *testing.T) {
			bad := maps.Clone(clean)
			bad["internal/capi/capi.go"] += line
			assert.Equal(t, []string{"internal/capi/capi.go:8"}, wheres(t, optionalSymbolsInShimOnly, bad))
		})
	}
	t.Run("preamble", func(t *testing.T) {
		bad := maps.Clone(clean)
		bad["internal/capi/b.go"] = "package capi\n\n// void TfLiteInterpreterCancel(void*);\nimport \"C\"\n"
		assert.Equal(t, []string{"internal/capi/b.go:4"}, wheres(t, optionalSymbolsInShimOnly, bad))
	})
	t.Run("empty list", func(t *testing.T) {
		bad := maps.Clone(clean)
		bad[optionalList] = "OPTIONAL_SYMBOLS(TfLiteInterpreterCancel)\n"
		_, err := optionalSymbolsInShimOnly(files(t, bad))
		assert.ErrorContains(t, err, "lists no function")
	})
	t.Run("no list", func(t *testing.T) {
		_, err := optionalSymbolsInShimOnly(files(t, map[string]string{"a.go": "package a\n"}))
		assert.Error(t, err)
	})
}

func TestImportsFollowDesign(t *testing.T) {
	imports := func(pkg, path string) string { return "package " + pkg + "\n\nimport _ \"" + path + "\"\n" }
	for _, c := range []struct {
		file, path string
		ok         bool
	}{
		{"coral.go", module + "/tflite", true},
		{"coral.go", module + "/internal/capi", false},
		{"coral.go", module + "/vision", false},
		{"coral.go", "net/http", true},
		{"coral.go", module + "/internal/engine", true},
		{"coral.go", module + "/internal/failover", true},
		{"coral.go", module + "/internal/worker", true},
		{"coral.go", module + "/delegate", false},
		{"coral.go", "golang.org/x/sys/unix", false},
		{"internal/failover/a.go", module + "/internal/engine", true},
		{"internal/failover/a.go", module + "/internal/worker", false},
		{"internal/failover/a.go", module, false},
		{"internal/worker/a.go", module + "/internal/engine", true},
		{"internal/worker/a.go", module + "/internal/failover", false},
		{"internal/worker/a.go", module, false},
		{"internal/engine/a.go", module + "/internal/failover", false},
		{"internal/engine/a.go", module + "/internal/worker", false},
		{"internal/engine/a.go", module, false},
		{"tflite/a.go", module + "/internal/engine", false},
		{"tflite/a.go", module + "/internal/capi", true},
		{"tflite/a.go", module + "/internal/capi/sub", true},
		{"tflite/a.go", module + "/edgetpu", false},
		{"tflite/a.go", module, false},
		{"tflite/a.go", "C", true},
		{"tflite/a_test.go", "github.com/stretchr/testify/assert", true},
		{"tflite/a_windows.go", "github.com/stretchr/testify/assert", false},
		{"model/internal/schema/a.go", module + "/model", true},
		{"model/a.go", "github.com/google/flatbuffers/go", true},
		{"model/a.go", "github.com/google/flatbuffersx", false},
		{"delegate/a.go", module + "/internal/dl", false},
		{"delegate/plugin/a.go", module + "/internal/dl", true},
		{"edgetpu/a.go", "github.com/google/gousb", true},
		{"edgetpu/a.go", module + "/tflite", false},
		{"vision/a.go", module, true},
		{"vision/a.go", "golang.org/x/image/webp", true},
		{"examples/one/main.go", module + "/vision", true},
		{"examples/one/main.go", module + "/internal/errs", false},
		{"cmd/coral/main.go", "github.com/spf13/cobra", true},
		{"bench/main.go", "github.com/mattn/go-tflite", true},
		{"newfolder/a.go", "fmt", false},
	} {
		found := wheres(t, importsFollowDesign, map[string]string{c.file: imports("x", c.path)})
		assert.Equal(t, c.ok, len(found) == 0, "%s imports %s: %v", c.file, c.path, found)
	}
}

func TestForeignModules(t *testing.T) {
	assert.Empty(t, foreignModules([]string{module, "github.com/google/gousb", "github.com/mattn/go-tflite"}))
	found := foreignModules([]string{module, "github.com/spf13/cobra", "github.com/spf13/cobra"})
	require.Len(t, found, 1)
	assert.Contains(t, found[0].what, "cobra")
}

func TestNoMachinePathsOrHosts(t *testing.T) {
	// Written in two halves, or this file would break the rule that it tests.
	for text, ok := range map[string]bool{
		"cd /" + "work/main":                         false,
		"model: \"/" + "root/x.tflite\"":             false,
		"/" + "home/me/coral":                        false,
		"(/" + "home/me)":                            false,
		"the index at py" + "pi.org":                 false,
		"see registry.n" + "pmjs.org/x":              false,
		"see repo1.m" + "aven.org/maven2":            false,
		"GOPROXY=https://proxy." + "golang.org":      false,
		"$root/" + "home/x":                          true,
		"sysfs under $UMOCKDEV_DIR/" + "root/sys":    true,
		"../shared/" + "work/notes":                  true,
		"https://example.com/" + "home/":             true,
		"see pkg.go.dev/github.com/gocoral/coral":    true,
		"pip, npm and maven are clients; /roots/ ok": true,
	} {
		found := wheres(t, noMachinePathsOrHosts, map[string]string{"README.md": "first\n" + text + "\n"})
		if ok {
			assert.Empty(t, found, text)
		} else {
			assert.Equal(t, []string{"README.md:2"}, found, text)
		}
	}
	binary := map[string]string{"a.png": "\x89PNG\x00 /" + "root/"}
	assert.Empty(t, wheres(t, noMachinePathsOrHosts, binary))
}

func TestNoLargeOrBinaryFiles(t *testing.T) {
	assert.Empty(t, wheres(t, noLargeOrBinaryFiles, map[string]string{
		"a.txt":                            strings.Repeat("x", maxFile),
		"tflite/testdata/add.tflite":       "TFL3",
		"tflite/testdata/add.py":           "",
		"examples/x/testdata/small.tflite": "TFL3",
		"examples/x/train.py":              "",
	}))
	assert.Equal(t,
		[]string{"a.txt", "lib/libx.so", "model/testdata/add.tflite"},
		wheres(t, noLargeOrBinaryFiles, map[string]string{
			"a.txt":                     strings.Repeat("x", maxFile+1),
			"lib/libx.so":               "ELF",
			"model/testdata/add.tflite": "TFL3",
			"tflite/testdata/add.py":    "",
		}))
}

func TestPackagesDocumented(t *testing.T) {
	assert.Empty(t, wheres(t, packagesDocumented, map[string]string{
		"a/doc.go":          "// Package a is documented.\npackage a\n",
		"a/a.go":            "package a\n",
		"a/a_test.go":       "package a_test\n",
		"a/testdata/gen.go": "package main\n",
		"b/b.go":            "// Package b is one file.\npackage b\n",
		"c/main.go":         "// Command c runs.\npackage main\n",
		"c/other.go":        "package main\n",
	}))
	assert.Equal(t, []string{"a", "b", "c"}, wheres(t, packagesDocumented, map[string]string{
		"a/a.go":     "package a\n",
		"b/b.go":     "// Package b does not keep it in doc.go.\npackage b\n",
		"b/other.go": "package b\n",
		"c/doc.go":   "// Package c says it twice.\npackage c\n",
		"c/c.go":     "// Package c says it twice.\npackage c\n",
	}))
}

func TestGuidesNameWhatExists(t *testing.T) {
	content := map[string]string{
		"doc.go":       "package coral\n\nfunc Open() {}\n\ntype Session struct{}\n\nfunc (Session) Run() {}\n\nvar (\n\tErrA, ErrB error\n)\n",
		"open_test.go": "package coral\n\nfunc Helper() {}\n",
		"tflite/a.go":  "package tflite\n\nconst Max = 1\n",
		"README.md":    "`coral.Open`, coral.Session, coral.ErrB, tflite.Max and /tmp/coral.Gone\nmodel.tflite, x.coral.Gone\n",
		"docs/a.md":    "tflite.NewModelFromFile is go-tflite's\n",
		"CHANGELOG.md": "coral.Gone is gone\n",
	}
	assert.Empty(t, wheres(t, guidesNameWhatExists, content))
	content["docs/b.md"] = "coral.Open\nand (coral.Gone, tflite.Open)\n`coral.Run`\n`coral.Helper`\n"
	assert.Equal(t, []string{"docs/b.md:2", "docs/b.md:2", "docs/b.md:3", "docs/b.md:4"}, wheres(t, guidesNameWhatExists, content))
}

func TestReport(t *testing.T) {
	var out bytes.Buffer
	assert.False(t, report(&out, files(t, map[string]string{"a/a.go": "package a\n"})))
	assert.Contains(t, out.String(), "a: no package comment; write one in doc.go (docs)\n")
	assert.Contains(t, out.String(), "(optional-symbols)", "a rule that cannot be checked fails")

	out.Reset()
	assert.True(t, report(&out, files(t, map[string]string{
		optionalList:        "OPTIONAL(void, f, (void))\n",
		"scripts/x/main.go": "// Command x runs.\npackage main\n",
	})), out.String())
}

// The checkout itself is checked by make check; here only that it can be read.
func TestOpenTree(t *testing.T) {
	tr, err := openTree("../..")
	require.NoError(t, err)
	assert.Contains(t, tr.files, "go.mod")
	_, err = openTree(t.TempDir())
	assert.Error(t, err)
}

func TestQuotesAreInTheSource(t *testing.T) {
	guide := "# Troubleshooting\n\n`no message`\n\n## Errors and reasons of this library\n\n| you see | cause |\n|---|---|\n" +
		"| `the stick at PATH is gone: plug it in again` | `any words` |\n\n## Building\n\n| `of another program` | |\n"
	clean := map[string]string{
		messagesGuide: guide,
		"a.go":        "package a\n\n// has gone\nvar err = f(\"the stick at %s is gone: %w\", errors.New(\"plug it in again\"))\n",
	}
	assert.Empty(t, wheres(t, quotesAreInTheSource, clean))

	for name, reworded := range map[string]string{
		"before the path": "the device at %s is gone: plug it in again",
		"after the path":  "the stick at %s has left: plug it in again",
		"the cure":        "the stick at %s is gone: wait",
	} {
		t.Run(name, func(t *testing.T) {
			bad := maps.Clone(clean)
			bad["a.go"] = "package a\n\n// is gone\nvar err = f(" + strconv.Quote(reworded) + ")\n"
			assert.Equal(t, []string{messagesGuide + ":9"}, wheres(t, quotesAreInTheSource, bad))
		})
	}
	t.Run("only in a test", func(t *testing.T) {
		bad := maps.Clone(clean)
		bad["a_test.go"] = bad["a.go"]
		delete(bad, "a.go")
		assert.NotEmpty(t, wheres(t, quotesAreInTheSource, bad))
	})
}
