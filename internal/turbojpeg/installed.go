package turbojpeg

import (
	"errors"
	"os"
	"runtime"
	"sync"

	"github.com/gocoral/coral/internal/dl"
)

// Variable is the environment variable that names the library to open, by its path; "none"
// is none. Programs with rights that their user has not, such as set-uid ones, do not look at
// it.
const Variable = "CORAL_TURBOJPEG_LIB"

// names are what the loader finds the library by. On Windows it would look for it in the
// current folder too, so there it has to be named.
var names = map[string]string{
	"linux":  "libturbojpeg.so.0",
	"darwin": "libturbojpeg.0.dylib",
}

// Installed is the library of this machine. It is opened by the first call, and the error
// tells why there is none, the same each time.
var Installed = sync.OnceValues(func() (*Library, error) {
	name := names[runtime.GOOS]
	if set := os.Getenv(Variable); set != "" && !dl.Privileged() {
		name = set
	}
	switch name {
	case "none":
		return nil, errors.New(Variable + " is none")
	case "":
		return nil, errors.New("libjpeg-turbo is not looked for on " + runtime.GOOS + "; let " + Variable + " name it")
	}
	return Open(name)
})
