//go:build cgo && (tflite_link || tflite_pkgconfig) && !windows

package capi

// With tflite_link alone the library is named by CGO_LDFLAGS. On Windows the library is always
// opened: the address that a linker gives there is that of a jump in the program, and an
// optional function is an error to it.

/*
#cgo CFLAGS: -DCORAL_LINK
*/
import "C"

// Linked reports whether the linker has bound the functions of the runtime.
const Linked = true
