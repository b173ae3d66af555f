package main

import (
	"errors"
	"fmt"
	"go/ast"
	"io/fs"
	"regexp"
	"slices"
)

// optionalList is the X-macro list of the C functions in use, and marks those that not
// every runtime has.
const optionalList = "internal/capi/functions.h"

// optionalEntry finds the name in OPTIONAL(result, name, (parameters)).
var optionalEntry = regexp.MustCompile(`(?m)^OPTIONAL\([^,()]+,\s*(\w+)\s*,`)

var word = regexp.MustCompile(`\w+`)

// optionalSymbolsInShimOnly: no Go file names a C function that some runtime
// lacks, neither in Go nor in its preamble: its address is NULL there, and only the shim
// looks at it first.
func optionalSymbolsInShimOnly(t *tree) ([]finding, error) {
	list, err := fs.ReadFile(t.fsys, optionalList)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range optionalEntry.FindAllSubmatch(list, -1) {
		names = append(names, string(m[1]))
	}
	if len(names) == 0 {
		return nil, errors.New(optionalList + " lists no function: has its form changed?")
	}
	var found []finding
	for _, f := range t.goes {
		spec, preamble := f.importC()
		if spec == nil {
			continue
		}
		for _, w := range word.FindAllString(preamble, -1) {
			if slices.Contains(names, w) {
				found = append(found, finding{t.at(spec.Pos()), w + " in the preamble; some runtimes lack it, so only shim.c may name it"})
			}
		}
		cSelectors(f.File, func(sel *ast.SelectorExpr) {
			if slices.Contains(names, sel.Sel.Name) {
				found = append(found, finding{t.at(sel.Pos()), fmt.Sprintf("C.%s is absent from some runtimes; call it through the shim", sel.Sel.Name)})
			}
		})
	}
	return found, nil
}
