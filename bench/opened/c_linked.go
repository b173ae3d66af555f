//go:build tflite_link

package main

import (
	"context"

	"github.com/gocoral/coral/bench/internal/cloop"
)

// inC times the loop in C.
func inC(_ context.Context, path string) (result, error) {
	c, err := cloop.Open(path)
	if err != nil {
		return result{}, err
	}
	defer c.Close()
	r, err := timed(c.Invoke)
	r.Version = cloop.Version()
	return r, err
}
