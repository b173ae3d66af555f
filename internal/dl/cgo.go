//go:build cgo

package dl

/*
#cgo CFLAGS: -std=gnu11
#cgo linux LDFLAGS: -ldl
#include <stdlib.h>
#include "dl.h"
#include "plugin.h"
*/
import "C"

import (
	"strings"
	"unsafe"
)

const available = true

// text is room for what the loader or a plugin says. Much longer texts name every
// folder that was searched.
type text [2048]C.char

func (t *text) buffer() (*C.char, C.size_t) { return &t[0], C.size_t(len(t)) }

func (t *text) String() string {
	return strings.TrimSpace(strings.ToValidUTF8(C.GoString(&t[0]), "\uFFFD"))
}

func open(path string, alone bool) (unsafe.Pointer, string) {
	p := C.CString(path)
	defer C.free(unsafe.Pointer(p))
	var t text
	buf, size := t.buffer()
	var flag C.int
	if alone {
		flag = 1
	}
	handle := C.coral_dl_open(p, flag, buf, size)
	return handle, t.String()
}

func program() unsafe.Pointer { return C.coral_dl_program() }

func share(path string) string {
	p := C.CString(path)
	defer C.free(unsafe.Pointer(p))
	var t text
	buf, size := t.buffer()
	C.coral_dl_share(p, buf, size)
	return t.String()
}

func pathAt(address unsafe.Pointer) string {
	var t text
	buf, size := t.buffer()
	C.coral_dl_path_at(address, buf, size)
	return C.GoString(buf)
}

func baseAt(address unsafe.Pointer) uintptr { return uintptr(C.coral_dl_base_at(address)) }

func keepAt(address unsafe.Pointer) { C.coral_dl_keep_at(address) }

func privileged() bool { return C.coral_dl_privileged() != 0 }

func pathOf(handle unsafe.Pointer) string {
	var t text
	buf, size := t.buffer()
	C.coral_dl_path(handle, buf, size)
	return C.GoString(buf)
}

func symbol(handle unsafe.Pointer, name string) (unsafe.Pointer, string) {
	n := C.CString(name)
	defer C.free(unsafe.Pointer(n))
	var t text
	buf, size := t.buffer()
	address := C.coral_dl_symbol(handle, n, buf, size)
	return address, t.String()
}

func closeLibrary(handle unsafe.Pointer) string {
	var t text
	buf, size := t.buffer()
	C.coral_dl_close(handle, buf, size)
	return t.String()
}

// CreateDelegate calls the tflite_plugin_create_delegate at the given address. Keys
// and values are pairs in the order given, without NUL bytes, and are the plugin's
// only during the call. It returns the delegate, nil when the plugin declines, and
// what the plugin reported meanwhile.
func CreateDelegate(create unsafe.Pointer, keys, values []string) (delegate unsafe.Pointer, report string) {
	k, freeKeys := cStrings(keys)
	defer freeKeys()
	v, freeValues := cStrings(values)
	defer freeValues()
	var t text
	buf, size := t.buffer()
	delegate = C.coral_plugin_create(create, k, v, C.size_t(min(len(keys), len(values))), buf, size)
	return delegate, t.String()
}

// DestroyDelegate calls the tflite_plugin_destroy_delegate at the given address.
func DestroyDelegate(destroy, delegate unsafe.Pointer) { C.coral_plugin_destroy(destroy, delegate) }

// cStrings copies strings into C memory, with a NULL at the end.
func cStrings(ss []string) (array **C.char, free func()) {
	// Zeroed, because the garbage collector looks at the pointers that Go code
	// overwrites, and must not find malloc's leftovers there.
	array = (**C.char)(C.calloc(C.size_t(len(ss)+1), C.size_t(unsafe.Sizeof(array))))
	if array == nil {
		panic("dl: out of memory")
	}
	pointers := unsafe.Slice(array, len(ss)+1)
	for i, s := range ss {
		pointers[i] = C.CString(s)
	}
	return array, func() {
		for _, p := range pointers {
			C.free(unsafe.Pointer(p))
		}
		C.free(unsafe.Pointer(array))
	}
}
