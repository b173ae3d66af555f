// Package capi is the only place that calls the TensorFlow Lite C API.
//
// It carries the link flag (-ltensorflowlite_c), a minimal header of the API
// (tflite_c.h), and a C shim (shim.h) for what Go cannot do itself. Everything
// above it is plain Go: no exported signature here has a C type in it.
//
// # Functions that may be absent
//
// One build of this package links with, and runs on, every runtime from 2.9 to
// 2.20. The symbols that 2.9.0 has are strong references; the newer ones, listed
// in optional.h, are weak on ELF and looked up by name elsewhere. Only the shim
// names them. A wrapper whose function is absent answers with false, zero or
// nil, and the caller turns that into ErrUnsupported.
//
// # Where the library comes from
//
// The source says only -ltensorflowlite_c. In a checkout, cmd/coral-runtime
// writes link_local.go, which is git-ignored, with the folder of the fetched
// runtime. The tag coral_system leaves that file out; the tag tflite_pkgconfig
// asks pkg-config instead.
//
// Without cgo every constructor returns nil and [Available] is false.
package capi
