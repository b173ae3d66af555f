package tflite

import (
	"errors"
	"log/slog"

	"github.com/gocoral/coral/internal/capi"
	"github.com/gocoral/coral/internal/tflitelib"
)

// LibraryVariable is the environment variable that names the file of TensorFlow Lite's C
// library, for programs that do not call [Load].
const LibraryVariable = tflitelib.Variable

// RuntimeSource is how TensorFlow Lite's library was found, in words that go after
// "found" or "it is".
type RuntimeSource = tflitelib.Source

// The sources, in the order in which a library is looked for.
const (
	// SourceLinked: the program was built with the tag tflite_link or tflite_pkgconfig.
	SourceLinked = tflitelib.Linked
	// SourceLoad: the program called [Load].
	SourceLoad = tflitelib.Loaded
	// SourceEnvironment: [LibraryVariable] names it.
	SourceEnvironment = tflitelib.Environment
	// SourceProcess: another part of the program links it, such as go-tflite.
	SourceProcess = tflitelib.Process
	// SourceExecutable: it is beside the executable, or in the folder lib beside it.
	SourceExecutable = tflitelib.Executable
	// SourceCache: coral-runtime fetch has put it into the user's cache folder.
	SourceCache = tflitelib.Cache
	// SourceLoader: the system's loader has found it.
	SourceLoader = tflitelib.Loader
)

// RuntimeInfo describes the TensorFlow Lite library that this process uses.
type RuntimeInfo struct {
	// Version is what the library says of itself, such as "2.17.1".
	Version string `json:"version"`
	// Path is its file, or the program's where it is linked statically; "" where the
	// platform does not tell.
	Path   string        `json:"path"`
	Source RuntimeSource `json:"source"`
	// Known is whether the structures of this version are known. With an unknown one there
	// are no Edge TPU, no custom operators, no quantisation per channel and no [Backend]
	// ([ErrUnsupported]); models without these run.
	Known bool `json:"known"`
	// Absent are the functions of the C API that the library lacks of those that are used
	// here; what needs them gives [ErrUnsupported].
	Absent []string `json:"absent,omitempty"`
}

// Load opens TensorFlow Lite's C library at path, or the one of that file name that the
// system's loader finds. Without it the library is opened when it is first needed, from
// where it is found: see the package comment. So Load comes before everything else of this
// module, in main; after it, another path gives [ErrBusy] and the same one nothing.
//
// Errors wrap [ErrLibraryNotFound] in all other cases, with [ErrUnsupported] for a file that
// is another library or not built as its version is, and [ErrPlatform] for a processor that it
// cannot run on; or they are [ErrCgoRequired].
func Load(path string) error {
	if err := tflitelib.Load(path); err != nil {
		return &Error{Op: "load library", Err: err}
	}
	return nil
}

// SetLogger sends each step of the search for the library to l at debug level. Nil stands for
// no logger, which is the default. Call it before the library is needed.
func SetLogger(l *slog.Logger) { tflitelib.SetLogger(l) }

// Runtime tells which library is used, and opens it if that was not done yet. Errors are
// those of [Load].
func Runtime() (RuntimeInfo, error) {
	library, err := tflitelib.Need()
	if err != nil {
		return RuntimeInfo{}, &Error{Op: "load library", Err: err}
	}
	return RuntimeInfo{
		Version: library.Version, Path: library.Path, Source: library.Source,
		Known: library.Known(), Absent: append([]string(nil), library.Absent...),
	}, nil
}

// Version returns the version of the library, such as "2.17.1". It opens the library if that
// was not done yet, and returns "" if there is none: [Runtime] says why.
func Version() string {
	library, err := tflitelib.Need()
	if err != nil {
		return ""
	}
	return library.Version
}

// HasXNNPACK reports whether the library was built with XNNPACK; false if there is none.
func HasXNNPACK() bool {
	_, err := tflitelib.Need()
	return err == nil && capi.HasXNNPACK()
}

// MissingCPUFeatures returns what a library that was found needs and this processor lacks,
// such as "SSE4.1", by its usual build of each version; nil where nothing is known to be
// missing. Such a library is not used ([ErrPlatform]), since it would end the process at the
// first such instruction. What a library runs while it is opened is beyond this; the runtimes
// known need nothing there.
func MissingCPUFeatures() []string {
	_, err := tflitelib.Need()
	if e, ok := errors.AsType[*tflitelib.CPUError](err); ok {
		return e.Missing
	}
	return nil
}

// CPUAdvice says what to do on a processor with [MissingCPUFeatures]: each of it suffices.
func CPUAdvice() []string { return capi.CPUAdvice() }

// usable refuses every use of the runtime where there is none.
func usable() error {
	_, err := tflitelib.Need()
	return err
}
