package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// documented are the packages whose names guides use, by their own name.
var documented = map[string]string{
	"coral":       ".",
	"tflite":      "tflite",
	"edgetpu":     "edgetpu",
	"edgetputest": "edgetpu/edgetputest",
	"model":       "model",
	"vision":      "vision",
	"plugin":      "delegate/plugin",
	"xnnpack":     "delegate/xnnpack",
}

// foreign are names in the part about go-tflite, whose packages are called as ours are.
var foreign = map[string]bool{
	"edgetpu.DeviceList": true, "edgetpu.New": true, "edgetpu.Version": true,
	"tflite.NewInterpreterOptions": true, "tflite.NewModelFromFile": true, "tflite.OK": true,
	"xnnpack.New":  true,
	"model.Delete": true, // where model is a variable
}

// guideName is a package's name with an exported one after it.
var guideName = regexp.MustCompile(`(?:^|[^\w.\-/])(coral|tflite|edgetpu|edgetputest|model|vision|plugin|xnnpack)\.([A-Z]\w*)`)

// guidesNameWhatExists: every exported name that a guide gives, such as coral.Open, is one of
// that package. Guides are not compiled, and a renamed option would stand in them for ever.
// Decisions and changes (RATIONALE and CHANGELOG) may speak of what was.
func guidesNameWhatExists(t *tree) ([]finding, error) {
	exported := map[string]bool{}
	for _, f := range t.goes {
		for name, dir := range documented {
			if f.dir() == dir && f.Name.Name == name && !f.isTest() {
				addExported(exported, name, f.File)
			}
		}
	}
	var found []finding
	for _, file := range t.files {
		if base := path.Base(file); path.Ext(file) != ".md" || base == "RATIONALE.md" || base == "CHANGELOG.md" {
			continue
		}
		data, err := fs.ReadFile(t.fsys, file)
		if err != nil {
			return nil, err
		}
		line := 0
		for text := range strings.Lines(string(data)) {
			line++
			for _, m := range guideName.FindAllStringSubmatch(text, -1) {
				if name := m[1] + "." + m[2]; !exported[name] && !foreign[name] {
					found = append(found, finding{fmt.Sprintf("%s:%d", file, line), "there is no " + name})
				}
			}
		}
	}
	return found, nil
}

// addExported adds the exported names that a file of the package declares at its top.
func addExported(names map[string]bool, pkg string, file *ast.File) {
	add := func(id *ast.Ident) { names[pkg+"."+id.Name] = id.IsExported() }
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add(d.Name)
			}
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				continue
			}
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					add(spec.Name)
				case *ast.ValueSpec:
					for _, id := range spec.Names {
						add(id)
					}
				}
			}
		}
	}
}
