package capi

import "unsafe"

// Function is one of those of the runtime that this package calls.
type Function struct {
	Name string
	// Required: no runtime from 2.9 on lacks it.
	Required bool
	// Linked is where the linker has found it, nil where it has not, or was not asked.
	Linked unsafe.Pointer
}
