//go:build !cgo

package oldabi

import "unsafe"

const available = false

// Without cgo Wrap fails first, and nothing below is reached.

func noteRuntime(string)                 {}
func hasPrepare(unsafe.Pointer) bool     { return false }
func wrap(unsafe.Pointer) unsafe.Pointer { return nil }
func free(unsafe.Pointer)                {}
