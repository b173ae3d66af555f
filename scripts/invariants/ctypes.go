package main

import (
	"fmt"
	"go/ast"
)

// noExportedCTypes: no C type stands in an exported signature, field, variable or
// constant, because a C type of one package is another type in every other one,
// and because the documentation of such a package is unreadable without headers.
//
// It is the test that `go doc -all` shows no "C.", but for the files of every
// platform.
func noExportedCTypes(t *tree) ([]finding, error) {
	var found []finding
	for _, f := range t.goes {
		if spec, _ := f.importC(); spec == nil {
			continue
		}
		public, err := t.parse(f.path) // again, because FileExports trims in place
		if err != nil {
			return nil, err
		}
		ast.FileExports(public)
		for _, d := range public.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && onUnexportedType(fn) {
				continue
			}
			dropBodies(d)
			cSelectors(d, func(sel *ast.SelectorExpr) {
				found = append(found, finding{
					t.at(sel.Pos()),
					fmt.Sprintf("C.%s in an exported declaration; wrap it in a Go type", sel.Sel.Name),
				})
			})
		}
	}
	return found, nil
}

// dropBodies leaves the signatures of the functions in d.
func dropBodies(d ast.Decl) {
	ast.Inspect(d, func(n ast.Node) bool {
		switch fn := n.(type) {
		case *ast.FuncDecl:
			fn.Body = nil
		case *ast.FuncLit:
			fn.Body = &ast.BlockStmt{}
		}
		return true
	})
}

// onUnexportedType reports whether fn is a method that users cannot see.
func onUnexportedType(fn *ast.FuncDecl) bool {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return false
	}
	hidden := false
	ast.Inspect(fn.Recv.List[0].Type, func(n ast.Node) bool {
		name, ok := n.(*ast.Ident) // the first name in *T or T[P] is T
		if ok {
			hidden = !name.IsExported()
		}
		return !ok
	})
	return hidden
}
