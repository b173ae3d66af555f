package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
)

// tree is the repository as the rules see it. Tests make one from a map.
type tree struct {
	fsys  fs.FS
	dir   string   // where to run the go command; "" in tests, which have no module
	files []string // slash-separated, sorted
	fset  *token.FileSet
	goes  []goFile
}

// goFile is one parsed Go file.
type goFile struct {
	path string
	*ast.File
}

// openTree lists the files of the git checkout at dir.
func openTree(dir string) (*tree, error) {
	git := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	git.Dir, git.Stderr = dir, os.Stderr
	out, err := git.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w; run it in a git checkout", err)
	}
	files := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	t, err := newTree(os.DirFS(dir), files)
	if err != nil {
		return nil, err
	}
	t.dir = dir
	return t, nil
}

// newTree parses the Go files among files.
func newTree(fsys fs.FS, files []string) (*tree, error) {
	t := &tree{fsys: fsys, fset: token.NewFileSet()}
	for _, name := range files {
		if info, err := fs.Stat(fsys, name); err != nil || !info.Mode().IsRegular() {
			continue // deleted but not yet committed, or a submodule
		}
		t.files = append(t.files, name)
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		file, err := t.parse(name)
		if err != nil {
			return nil, err
		}
		t.goes = append(t.goes, goFile{name, file})
	}
	slices.Sort(t.files)
	return t, nil
}

func (t *tree) parse(name string) (*ast.File, error) {
	src, err := fs.ReadFile(t.fsys, name)
	if err != nil {
		return nil, err
	}
	return parser.ParseFile(t.fset, name, src, parser.ParseComments)
}

// at formats a position as file:line.
func (t *tree) at(pos token.Pos) string {
	p := t.fset.Position(pos)
	return p.Filename + ":" + strconv.Itoa(p.Line)
}

func (f goFile) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// dir is the package folder, "." for the root.
func (f goFile) dir() string { return path.Dir(f.path) }

// importC returns the file's import "C" with its preamble, if it has one.
func (f goFile) importC() (spec *ast.ImportSpec, preamble string) {
	for _, d := range f.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.IMPORT {
			continue
		}
		for _, s := range decl.Specs {
			s := s.(*ast.ImportSpec)
			if s.Path.Value != `"C"` {
				continue
			}
			// cgo reads the comment of the declaration, or of the line in a group.
			return s, decl.Doc.Text() + s.Doc.Text()
		}
	}
	return nil, ""
}

// cSelectors calls visit for every C.name below n.
func cSelectors(n ast.Node, visit func(sel *ast.SelectorExpr)) {
	ast.Inspect(n, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "C" {
				visit(sel)
			}
		}
		return true
	})
}

// isText reports whether data looks like text, as git does it: no NUL near the start.
func isText(data []byte) bool {
	return !bytes.Contains(data[:min(len(data), 8000)], []byte{0})
}
