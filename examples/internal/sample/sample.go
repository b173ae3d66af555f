// Package sample names the model that the examples run where no other is given.
package sample

import (
	"errors"
	"fmt"
	"io/fs"
)

// Model is the path of that model from the top of the checkout.
const Model = "tflite/testdata/tiny_int8.tflite"

// Explain adds to err, which may be nil, what to do if it is the sample that is missing.
func Explain(err error, path string) error {
	if path != Model || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fmt.Errorf("%w: the sample is found from the top of the library's checkout: run this there, or name a model with -m", err)
}
