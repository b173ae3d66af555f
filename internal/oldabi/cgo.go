//go:build cgo

package oldabi

/*
#cgo CFLAGS: -std=gnu11
#cgo linux LDFLAGS: -ldl
#include <stdlib.h>
#include "oldabi.h"
*/
import "C"

import "unsafe"

const available = true

func noteRuntime(version string) {
	v := C.CString(version)
	defer C.free(unsafe.Pointer(v))
	C.coral_oldabi_runtime(v)
}

func hasPrepare(original unsafe.Pointer) bool { return C.coral_oldabi_has_prepare(original) != 0 }

func wrap(original unsafe.Pointer) unsafe.Pointer {
	return unsafe.Pointer(C.coral_oldabi_wrap(original))
}

func free(adapter unsafe.Pointer) { C.coral_oldabi_free((*C.coral_oldabi)(adapter)) }
