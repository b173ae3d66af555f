package edgetpu

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"regexp"
	"sync"

	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/libedgetpu"
)

// libraryEnv names the variable that says where libedgetpu is.
const libraryEnv = "CORAL_EDGETPU_LIB"

// Runtime is libedgetpu, opened at run time by [Load]. It is shared by everything in the
// process that loads the same file, and is never unloaded. A nil or zero Runtime is no
// library: its methods give empty values, or an error that wraps [ErrLibraryNotFound].
type Runtime struct {
	lib   *libedgetpu.Library
	calls calls

	mu   sync.Mutex
	open map[string]*opened // by device path
}

// opened counts the delegates on a device: the library opens it once and ignores
// the options of all but the first.
type opened struct {
	options   Options
	delegates int
	lock      *DeviceLock
}

var loaded = struct {
	sync.Mutex
	runtimes map[string]*Runtime
}{runtimes: make(map[string]*Runtime)}

// libraryOfEnvironment is the file that the variable names, unless the user who has set it may
// not decide what a privileged process runs.
func libraryOfEnvironment(privileged bool) string {
	if privileged {
		return ""
	}
	return os.Getenv(libraryEnv)
}

// Load opens libedgetpu: the first of paths that loads, or without paths the file
// that the environment variable CORAL_EDGETPU_LIB names, or the loader's own choice
// for the usual name (libedgetpu.so.1). Loading a file twice gives the same Runtime. In a
// process that has more rights than its user (set-uid, file capabilities) the variable does
// not count.
//
// The error wraps [ErrLibraryNotFound] and says what the loader said of each file.
func Load(paths ...string) (*Runtime, error) {
	if len(paths) == 0 {
		paths = []string{cmp.Or(libraryOfEnvironment(dl.Privileged()), libraryName)}
	}
	loaded.Lock()
	defer loaded.Unlock()
	var failures []error
	for _, path := range paths {
		lib, err := libedgetpu.Open(path)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		if r := loaded.runtimes[lib.Path()]; r != nil {
			return r, nil
		}
		r := &Runtime{lib: lib, open: make(map[string]*opened)}
		loaded.runtimes[lib.Path()] = r
		return r, nil
	}
	return nil, fmt.Errorf("edgetpu: %w", errs.Join(failures...))
}

// Path is the file that was loaded. No device is opened for it, nor for the versions.
func (r *Runtime) Path() string {
	if r.loaded() != nil {
		return ""
	}
	return r.lib.Path()
}

// Version is the library's own text, such as "BuildLabel(…), RuntimeVersion(14)".
func (r *Runtime) Version() string {
	if r.loaded() != nil {
		return ""
	}
	return r.lib.Version()
}

var runtimeVersion = regexp.MustCompile(`RuntimeVersion\((\d+)\)`)

// RuntimeVersion is the number that a compiled model's minimum is compared with, 14
// for all releases of recent years; 0 if the library does not tell.
func (r *Runtime) RuntimeVersion() int {
	return parseRuntimeVersion(r.Version())
}

// SetVerbosity sets how much the library prints on standard error, from 0, the
// default, to 10. Other levels give [ErrRange].
func (r *Runtime) SetVerbosity(level int) error {
	if level < 0 || level > 10 {
		return fmt.Errorf("edgetpu: verbosity %d, it goes from 0 to 10: %w", level, ErrRange)
	}
	if err := r.usable(); err != nil {
		return fmt.Errorf("edgetpu: %w", err)
	}
	r.lib.SetVerbosity(level)
	return nil
}

// Devices returns the type and path of the devices that the library itself sees, in
// its own order. [Probe] tells more and needs no library.
func (r *Runtime) Devices() ([]Device, error) {
	if err := r.usable(); err != nil {
		return nil, fmt.Errorf("edgetpu: %w", err)
	}
	var devices []Device
	for _, e := range r.lib.Devices() {
		d := Device{Type: PCIe, Path: e.Path, State: Unknown}
		if e.Type == libedgetpu.USB {
			d.Type = USB
		}
		devices = append(devices, d)
	}
	return devices, nil
}

// loaded refuses a Runtime that Load has not made.
func (r *Runtime) loaded() error {
	if r == nil || r.lib == nil {
		return fmt.Errorf("no libedgetpu is loaded, see edgetpu.Load: %w", ErrLibraryNotFound)
	}
	return nil
}

// usable refuses a library that did not come back.
func (r *Runtime) usable() error {
	if err := r.loaded(); err != nil {
		return err
	}
	return r.calls.usable()
}

// await waits for calls that are overdue.
func (r *Runtime) await(ctx context.Context) error {
	if err := r.loaded(); err != nil {
		return err
	}
	return r.calls.await(ctx)
}

// Quarantine declares that the library will not return from what it was asked to do,
// an Invoke that hangs for example. It is not called again in this process, and what is
// open stays open: every other method gives [ErrRuntimeStuck] from then on.
//
// Experimental: it is there for package coral, whose interpreters run on delegates of
// this package, and may change or go before version 1.
func (r *Runtime) Quarantine(what string) {
	if r.loaded() == nil {
		r.calls.lose(what)
	}
}
