package main

import (
	"path"
	"slices"
	"strings"
)

// packagesDocumented: every package has a package comment, and one with several
// files keeps it in doc.go, where a reader looks for it. (That each exported name
// has a comment is golangci-lint's business.)
func packagesDocumented(t *tree) ([]finding, error) {
	type pkg struct {
		files   int
		main    bool
		comment []string // files with a package comment
	}
	pkgs := map[string]*pkg{}
	var dirs []string
	for _, f := range t.goes {
		if f.isTest() || slices.Contains(strings.Split(f.dir(), "/"), "testdata") {
			continue
		}
		p := pkgs[f.dir()]
		if p == nil {
			p = new(pkg)
			pkgs[f.dir()] = p
			dirs = append(dirs, f.dir())
		}
		p.files++
		p.main = p.main || f.Name.Name == "main"
		if f.Doc.Text() != "" {
			p.comment = append(p.comment, path.Base(f.path))
		}
	}
	slices.Sort(dirs)
	var found []finding
	for _, dir := range dirs {
		p := pkgs[dir]
		switch {
		case len(p.comment) == 0:
			found = append(found, finding{dir, "no package comment; write one in doc.go"})
		case len(p.comment) > 1:
			found = append(found, finding{dir, "several package comments, in " + strings.Join(p.comment, " and ") + "; keep one"})
		case p.files > 1 && !p.main && p.comment[0] != "doc.go":
			found = append(found, finding{dir, "the package comment stands in " + p.comment[0] + "; move it to doc.go"})
		}
	}
	return found, nil
}
