//go:build !cgo

package dl

import "unsafe"

const available = false

// Without cgo Open fails first, and nothing below is reached.

func open(string, bool) (unsafe.Pointer, string)             { return nil, "" }
func program() unsafe.Pointer                                { return nil }
func share(string) string                                    { return "" }
func pathAt(unsafe.Pointer) string                           { return "" }
func baseAt(unsafe.Pointer) uintptr                          { return 0 }
func keepAt(unsafe.Pointer)                                  {}
func privileged() bool                                       { return false }
func pathOf(unsafe.Pointer) string                           { return "" }
func symbol(unsafe.Pointer, string) (unsafe.Pointer, string) { return nil, "" }
func closeLibrary(unsafe.Pointer) string                     { return "" }

// CreateDelegate: see the cgo build.
func CreateDelegate(unsafe.Pointer, []string, []string) (unsafe.Pointer, string) { return nil, "" }

// DestroyDelegate: see the cgo build.
func DestroyDelegate(unsafe.Pointer, unsafe.Pointer) {}
