package main

import (
	"strings"

	"github.com/gocoral/coral/tflite"
)

// libraryVariable is edgetpu's.
const libraryVariable = "CORAL_EDGETPU_LIB"

// environment are the variables that change what the command does.
var environment = []struct{ name, does string }{
	{libraryVariable, "the file of libedgetpu, unless --edgetpu-lib names one"},
	{tflite.LibraryVariable, "the file of TensorFlow Lite's C library, in place of one that is found"},
	{"LD_LIBRARY_PATH", "where the loader looks first for TensorFlow Lite and libedgetpu (Linux)"},
	{"XDG_CACHE_HOME", "the user's cache folder, in which fetch-runtime keeps libraries (Linux, default ~/.cache)"},
	{"GOMEMLIMIT", "how much memory Go may take before it collects more often (default 512MiB)"},
	{"UMOCKDEV_DIR", "a folder to look for devices in, in place of /: a hook for tests"},
}

// environmentText is the list for --help.
func environmentText() string {
	var b strings.Builder
	for _, v := range environment {
		b.WriteString("  " + v.name + strings.Repeat(" ", 20-len(v.name)) + v.does + "\n")
	}
	return b.String()
}
