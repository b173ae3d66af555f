package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

const modulePath = "github.com/gocoral/coral"

// place is where fetched files live.
type place struct {
	lib    string // <version>/<os>_<arch>/<library> below it
	models string
	// checkout is the root of the module's source if files live inside it.
	checkout string
}

func addRoot(flags *flag.FlagSet, root *string) {
	flags.StringVar(root, "root", "", "`folder` for fetched files (default: this checkout, else the user's cache folder)")
}

// findPlace decides between the checkout that the current folder is part of,
// the user's cache folder, and the folder that the user names.
func findPlace(root string) (place, error) {
	if root != "" {
		dir, err := filepath.Abs(root)
		if err != nil {
			return place{}, err
		}
		if isCheckout(dir) {
			return checkoutPlace(dir), nil
		}
		return plainPlace(dir), nil
	}
	wd, err := os.Getwd()
	if err != nil {
		return place{}, err
	}
	for dir := wd; ; dir = filepath.Dir(dir) {
		if isCheckout(dir) {
			return checkoutPlace(dir), nil
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return place{}, fmt.Errorf("%w: name a folder with --root", err)
	}
	return plainPlace(filepath.Join(cache, "gocoral")), nil
}

func checkoutPlace(dir string) place {
	return place{
		lib:      filepath.Join(dir, "third_party", "lib"),
		models:   filepath.Join(dir, "third_party", "models"),
		checkout: dir,
	}
}

func plainPlace(dir string) place {
	return place{lib: filepath.Join(dir, "lib"), models: filepath.Join(dir, "models")}
}

var moduleLine = regexp.MustCompile(`(?m)^module ` + regexp.QuoteMeta(modulePath) + `\r?$`)

// isCheckout tells this module's source from that of the modules nested in it,
// whose path is longer.
func isCheckout(dir string) bool {
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && moduleLine.Match(mod)
}

// dir is the folder of a runtime's library, and library the file.
func (p place) dir(t target) string {
	return filepath.Join(p.lib, t.runtime.Version, t.build.Dir())
}

func (p place) library(t target) string { return filepath.Join(p.dir(t), t.build.Library) }

// targets lists every library of the manifest.
func (t *tool) targets() []target {
	var all []target
	for _, r := range t.runtimes {
		for _, b := range r.Builds {
			all = append(all, target{r, b})
		}
	}
	return all
}
