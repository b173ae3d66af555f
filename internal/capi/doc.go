// Package capi is the only place that calls the TensorFlow Lite C API.
//
// It has a minimal header of the API (tflite_c.h), a list of the functions that are used
// (functions.h), a table of their addresses (table.h), and a C shim (shim.h) for what Go
// cannot do itself. Everything above it is plain Go: no exported signature here has a C
// type in it.
//
// # Where the functions come from
//
// Nothing is linked: package tflitelib opens the library, asks for each of [Functions] by
// its name, and hands the addresses to [Bind]. With the build tags tflite_link and
// tflite_pkgconfig the linker fills the table instead.
//
// Before [Publish] there is no runtime. The functions that need no object of it ([Version],
// [ModelCreate], [OptionsCreate], [HasSignatures], [HasXNNPACK], [XNNPACKCreate]) then
// answer with nil, false or "". All others take an object that one of these has made, so
// that nothing is in the way of an inference.
//
// # Functions that may be absent
//
// One build of this package runs on every runtime from 2.9 to 2.20. What some of them lack
// is marked in functions.h, and only the shim calls it. A wrapper whose function is absent
// answers with false, zero or nil, and the caller turns that into ErrUnsupported.
//
// # Structures
//
// Some of what is needed no function tells; it is read from the runtime's structures
// (structures.h), whose beginnings have been the same in all versions so far. [SelfCheck]
// looks whether they are. Of a version that is not [Known] no structure is touched.
//
// Without cgo every constructor returns nil and [Available] is false.
package capi
