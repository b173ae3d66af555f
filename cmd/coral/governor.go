package main

import (
	"io/fs"
	"os"
	"strings"
)

// systemRoot is the machine's own files, a name that tests replace.
func systemRoot() fs.FS { return os.DirFS("/") }

// slowGovernor returns the first CPU frequency governor that is not "performance",
// "" if all are or the kernel does not tell, as in most virtual machines.
func slowGovernor(root fs.FS) string {
	files, err := fs.Glob(root, "sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor")
	if err != nil {
		return ""
	}
	for _, name := range files {
		text, err := fs.ReadFile(root, name)
		if governor := strings.TrimSpace(string(text)); err == nil && governor != "performance" {
			return governor
		}
	}
	return ""
}
