package main

import (
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral"
)

// Errors read as sentences of the command's, whichever layers they have come through.
func TestExplain(t *testing.T) {
	t.Parallel()
	_, noNumber := strconv.ParseInt("x", 10, 8)
	_, tooLarge := strconv.ParseInt("300", 10, 8)
	_, noTruth := strconv.ParseBool("x")
	for want, err := range map[string]error{
		"net.tflite is not compiled: compile it with edgetpu_compiler":     fmt.Errorf("coral: net.tflite is not compiled: compile it with edgetpu_compiler: %w", coral.ErrUnsupported),
		"new interpreter: XNNPACK is not supported by this runtime":        fmt.Errorf("tflite: new interpreter: XNNPACK: %w", coral.ErrUnsupported),
		"3 inputs given, the model has 4 (a, b, c, d)":                     fmt.Errorf("coral: run: 3 inputs given, the model has 4 (a, b, c, d): %w", coral.ErrSize),
		"x has 3 bytes, and the limit is 2; --max-tensor raises the limit": fmt.Errorf("x has 3 bytes, and the limit is 2: %w: %w", coral.ErrSize, coral.ErrMemory),
		"wrong size":                            coral.ErrSize,
		"opening x: it hangs":                   fmt.Errorf("coral: coral: edgetpu: opening x: edgetpu: it hangs"),
		`value "x": give a number`:              fmt.Errorf("value \"x\": %w", noNumber),
		"value: the number is too large":        fmt.Errorf("value: %w", tooLarge),
		"flag: give true or false":              fmt.Errorf("flag: %w", noTruth),
		"raise the limit (--max-tensor), as is": errors.New("tflite: raise the limit (WithMaxTensorBytes), as is"),
		"failed; coral devices lists what there is, and --device auto falls back to the CPU": failure{"failed.", coral.ErrNoDevice},
	} {
		assert.Equal(t, want, explain(err))
	}
}

// failure is an error with a text and a sentinel.
type failure struct {
	text string
	is   error
}

func (f failure) Error() string { return f.text }
func (f failure) Unwrap() error { return f.is }
