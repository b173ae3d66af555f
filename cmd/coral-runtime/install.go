package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gocoral/coral/internal/fetch"
)

// header is the C header to install: this module's own, in which a program finds
// the part of TensorFlow Lite's C API that all versions share.
const header = "tflite_c.h"

// install is the command of that name.
func (t *tool) install(flags *flag.FlagSet) func(context.Context, []string) error {
	var s selection
	s.addTo(flags)
	prefix := flags.String("prefix", "", "`folder` that gets lib, include and lib/pkgconfig, as in /usr/local")
	headerFile := flags.String("header", "", "`file` to install as "+header+" (default: the module's own)")
	return func(ctx context.Context, _ []string) error {
		if *prefix == "" {
			return usageError{errors.New("install needs --prefix DIR")}
		}
		dir, err := filepath.Abs(*prefix)
		if err != nil {
			return err
		}
		if *headerFile == "" {
			if *headerFile, err = findHeader(ctx); err != nil {
				return err
			}
		}
		l, err := t.fetcher.Runtime(ctx, s.Request)
		if err != nil {
			return err
		}
		return t.installInto(dir, l, *headerFile)
	}
}

func (t *tool) installInto(prefix string, l fetch.Library, headerFile string) error {
	lib := filepath.Join(prefix, "lib", l.Build.Library)
	if err := fetch.CopyFile(lib, 0o755, l.Path, l.Build.LibrarySHA256); err != nil {
		return err
	}
	include := filepath.Join(prefix, "include", header)
	if err := fetch.CopyFile(include, 0o644, headerFile, ""); err != nil {
		return err
	}
	pc := filepath.Join(prefix, "lib", "pkgconfig", "tensorflowlite_c.pc")
	if err := fetch.WriteFile(pc, 0o644, strings.NewReader(t.pkgConfig(prefix, l)), ""); err != nil {
		return err
	}
	fmt.Fprintf(t.stdout, "%s\n%s\n%s\n", lib, include, pc)
	if isSystem(prefix) && t.isHere(l) && t.fetcher.Host.OS == "linux" {
		t.notef("run ldconfig as root, so that programs find the library")
	}
	return nil
}

// pkgConfig is the file that answers "pkg-config --libs tensorflowlite_c". The
// folders are said in terms of prefix, which pkg-config can override for a tree
// that has been moved.
func (t *tool) pkgConfig(prefix string, l fetch.Library) string {
	libs := "-L${libdir}"
	if t.isHere(l) && hasRPath(t.fetcher.Host.OS) && !isSystem(prefix) {
		libs += " -Wl,-rpath,${libdir}" // the loader does not look there by itself
	}
	return fmt.Sprintf(`prefix=%s
libdir=${prefix}/lib
includedir=${prefix}/include

Name: tensorflowlite_c
Description: TensorFlow Lite C API
URL: https://%s
Version: %s
Libs: %s -ltensorflowlite_c
Cflags: -I${includedir}
`, strings.ReplaceAll(filepath.ToSlash(prefix), " ", `\ `), modulePath, l.Runtime.Version, libs)
}

// isSystem tells the prefixes whose lib folder the loader knows.
func isSystem(prefix string) bool {
	return slices.Contains([]string{"/usr", "/usr/local"}, prefix)
}

// findHeader looks in the checkout, in what the current folder's module requires or has
// vendored, and in the module that this command was built from.
func findHeader(ctx context.Context) (string, error) {
	folders := []func() (string, error){
		func() (string, error) { return headerFolder(checkout()), nil },
		func() (string, error) {
			dir, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", modulePath+"/internal/capi").Output()
			return strings.TrimSpace(string(dir)), err
		},
		func() (string, error) {
			info, ok := debug.ReadBuildInfo()
			if !ok || info.Main.Path != modulePath {
				return "", nil
			}
			dir, err := fetch.Module(ctx, modulePath, info.Main.Version, "")
			return headerFolder(dir), err
		},
	}
	for _, folder := range folders {
		dir, err := folder()
		if err != nil || dir == "" {
			continue // the next may know
		}
		file := filepath.Join(dir, header)
		if _, err := os.Stat(file); err == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("%s not found: run install in a checkout of %s or in a module that requires it, or name the file with --header", header, modulePath)
}

// headerFolder is where a copy of this module at root has the header; "" has none.
func headerFolder(root string) string {
	if root == "" {
		return ""
	}
	return filepath.Join(root, "internal", "capi")
}
