//go:build cgo && (tflite_link || tflite_pkgconfig)

package capi

// With tflite_link alone the library is named by CGO_LDFLAGS.

/*
#cgo CFLAGS: -DCORAL_LINK
*/
import "C"

// Linked reports whether the linker has bound the functions of the runtime.
const Linked = true
