package tflite

import "github.com/gocoral/coral/internal/capi"

const (
	// xnnpackName is how XNNPACK shows in a Backend, whoever attached it.
	xnnpackName = "XNNPACK"
	// xnnpackQuantized turns on the signed and unsigned 8 bit kernels.
	xnnpackQuantized = capi.XNNPACKSigned | capi.XNNPACKUnsigned
	// noXNNPACK stands where a layout would.
	noXNNPACK = -1
)
