package main

import (
	"os"
	"path/filepath"
	"strings"
)

// tflitePath is the file of the linked TensorFlow Lite, "" where the system does not tell:
// Linux lists what a process has mapped.
func tflitePath() string {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(maps)) {
		at := strings.Index(line, "/")
		if at < 0 {
			continue
		}
		path := strings.TrimSpace(line[at:])
		if strings.HasPrefix(filepath.Base(path), "libtensorflowlite") {
			return path
		}
	}
	return ""
}
