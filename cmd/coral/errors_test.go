package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/internal/files"
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
		"wrong size":                                                                         coral.ErrSize,
		"opening x: it hangs":                                                                fmt.Errorf("coral: coral: edgetpu: opening x: edgetpu: it hangs"),
		`value "x": give a number`:                                                           fmt.Errorf("value \"x\": %w", noNumber),
		"value: the number is too large":                                                     fmt.Errorf("value: %w", tooLarge),
		"flag: give true or false":                                                           fmt.Errorf("flag: %w", noTruth),
		"raise the limit (--max-tensor), as is":                                              errors.New("tflite: raise the limit (WithMaxTensorBytes), as is"),
		"nope.tflite: no such file; check the path":                                          fmt.Errorf("coral: open: %w", &fs.PathError{Op: "stat", Path: "nope.tflite", Err: fs.ErrNotExist}),
		"d is a directory, not a regular file; name a file":                                  fmt.Errorf("%w: d is a directory, %w", coral.ErrBadModel, files.ErrNotRegular),
		`input 0 "x" takes [1,7], 1 element is given`:                                        errors.New(`coral: run: input "x": tflite: set: input 0 "x" takes [1 7], 1 elements is given`),
		`input "a": input 0 "x" is open`:                                                     errors.New(`coral: run: input "a": input 0 "x" is open`),
		`size [-1,8], give it a shape with --input-shape: reshape.cc:92`:                     fmt.Errorf("tflite: size [-1 8], give it a shape with WithInputShape or Resize: %w: reshape.cc:92", coral.ErrSize),
		"shape [9,9] takes more than the limit of 8 bytes, raise it with --max-tensor":       fmt.Errorf("shape [9 9] takes more than the limit of 8 bytes, raise it with WithMaxTensorBytes: %w: %w", coral.ErrSize, coral.ErrMemory),
		"x has to run on the CPU: put it at y":                                               failure{"x has to run on the CPU: put it at y", errors.Join(coral.ErrNoTwin, coral.ErrNoDevice)},
		"an Edge TPU is required, and none is attached":                                      errors.New(`an Edge TPU is required: no attached Edge TPU can be used: device "any": no such Edge TPU: none is attached; a USB one shows in lsusb as 1:2, a PCIe one as /dev/apex_0`),
		`no such Edge TPU as "usb", attached: pci x`:                                         errors.New(`coral: an Edge TPU is required: device "usb": no such Edge TPU: attached: pci x`),
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
