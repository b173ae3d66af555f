package main

import (
	"os"
	"path/filepath"
	"regexp"

	"github.com/gocoral/coral/internal/fetch"
)

const modulePath = "github.com/gocoral/coral"

// modelsFolder is where models live: in the checkout that the current folder is part of,
// where its tests and examples look, unless root is given; else in the folder that libraries
// are kept in.
func modelsFolder(root string) (string, error) {
	if dir := checkout(); dir != "" && root == "" {
		return filepath.Join(dir, "third_party", "models"), nil
	}
	dir, err := fetch.Root(root)
	return filepath.Join(dir, "models"), err
}

// checkout is the root of this module's source, if the current folder is part of it, and
// else "".
func checkout() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for ; !isCheckout(dir); dir = filepath.Dir(dir) {
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
	return dir
}

var moduleLine = regexp.MustCompile(`(?m)^module ` + regexp.QuoteMeta(modulePath) + `\r?$`)

// isCheckout tells this module's source from that of the modules nested in it,
// whose path is longer.
func isCheckout(dir string) bool {
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && moduleLine.Match(mod)
}

// short is the path as the user would type it here: relative, if it is below
// the current folder.
func short(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(wd, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}
