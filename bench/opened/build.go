package main

import (
	"debug/elf"
	"slices"
	"strings"
)

// build says how a program came by TensorFlow Lite, from the program itself: its build
// tags tell only what was asked for.
func build(program string) string {
	f, err := elf.Open(program)
	if err != nil {
		return "build unknown" // not Linux
	}
	defer f.Close()
	needed, err := f.ImportedLibraries()
	if err != nil {
		return "build unknown"
	}
	if slices.ContainsFunc(needed, func(l string) bool { return strings.HasPrefix(l, "libtensorflowlite_c") }) {
		return "linked"
	}
	return "opened"
}
