// Package cache says where the libraries that coral-runtime fetches are kept, which is
// where package tflite looks for them: in the folder gocoral of the user's cache folder,
//
//	lib/2.17.1/linux_amd64/libtensorflowlite_c.so
//
// with a folder for each version, and in it one for each platform in Go's words.
package cache

import (
	"fmt"
	"os"
	"path/filepath"
)

// name is this project's folder in the user's cache folder.
const name = "gocoral"

// Dir is the folder of all that this project keeps for the user. It need not exist. There
// is none where the user has no home folder, such as in a service; then the error says which
// variable to set.
func Dir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("there is no cache folder: %w", err)
	}
	if !filepath.IsAbs(dir) { // HOME may be relative
		return "", fmt.Errorf("there is no cache folder: %s is a relative path; correct HOME", dir)
	}
	return filepath.Join(dir, name), nil
}

// Libraries is the folder in a folder like [Dir] that has a folder for each version.
func Libraries(dir string) string { return filepath.Join(dir, "lib") }

// Library is the path of a library in a folder like [Dir]. platform is as in "linux_amd64",
// file the library's file name.
func Library(dir, version, platform, file string) string {
	return filepath.Join(Libraries(dir), version, platform, file)
}
