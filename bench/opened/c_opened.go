//go:build !tflite_link

package main

import (
	"context"
	"errors"
)

// inC has no library to call: this build is linked with none.
func inC(context.Context, string) (result, error) {
	return result{}, errors.New("the loop in C is in the program that is built with -tags tflite_link")
}
