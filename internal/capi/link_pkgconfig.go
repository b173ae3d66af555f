//go:build cgo && tflite_pkgconfig

package capi

// A file of its own: the go command knows what it has compiled by its files, not by the
// tags, and would take a package compiled for tflite_link, without the library's name.

/*
#cgo pkg-config: tensorflowlite_c
*/
import "C"
