package main

import (
	"strconv"
	"strings"
)

// maxFileName leaves room for an ending within the 255 bytes of all file systems.
const maxFileName = 100

// fileNames turns names of tensors into names of files in one folder: of letters,
// digits, dot, underscore and hyphen only, not hidden, and different, also to file
// systems that take A for a.
func fileNames(names []string, extension string) []string {
	bases, extensions := make([]string, len(names)), make([]string, len(names))
	for k, name := range names {
		bases[k], extensions[k] = fileName(name), extension
	}
	return different(bases, extensions)
}

// different puts names and extensions together, with numbers between them where the same
// would come twice.
func different(bases, extensions []string) []string {
	files := make([]string, len(bases))
	used := make(map[string]bool)
	for k, base := range bases {
		file := base + extensions[k]
		for n := 1; used[strings.ToLower(file)]; n++ {
			file = base + "_" + strconv.Itoa(n) + extensions[k]
		}
		used[strings.ToLower(file)] = true
		files[k] = file
	}
	return files
}

func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '_'
	}, name)
	if strings.TrimLeft(name, ".") != name || name == "" {
		name = "_" + name
	}
	if strings.HasPrefix(name, "-") { // rm *.npy would take it for an option
		name = "_" + name
	}
	return name[:min(len(name), maxFileName)]
}
