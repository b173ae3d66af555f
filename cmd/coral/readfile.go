package main

import (
	"io"

	"github.com/gocoral/coral/internal/files"
)

// readRegular reads a file. A pipe, which would be waited for, and a device, which may
// never end, are none.
func readRegular(path string) ([]byte, error) {
	f, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
