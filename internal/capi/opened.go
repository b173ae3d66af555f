//go:build cgo && (windows || (!tflite_link && !tflite_pkgconfig))

package capi

// Linked reports whether the linker has bound the functions of the runtime.
const Linked = false
