package tflite

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"github.com/gocoral/coral/internal/capi"
	"github.com/gocoral/coral/model"
)

// Model is a TensorFlow Lite model in memory, ready for any number of
// interpreters. It is safe for concurrent use.
type Model struct {
	mu      sync.Mutex
	data    *modelData // nil once closed
	cleanup runtime.Cleanup
}

// modelData is what interpreters share. The runtime reads weights straight from
// the bytes, so these live until the last interpreter is gone, whenever the Model
// itself is closed.
type modelData struct {
	mu    sync.Mutex
	refs  int
	model capi.Model
	bytes unsafe.Pointer
	facts
}

// ModelOption configures a [Model]; see [WithModelLimits].
type ModelOption func(*modelOptions)

type modelOptions struct{ limits model.Limits }

// WithModelLimits sets how much memory a model may ask for, in place of
// [model.DefaultLimits]. A limit of 0 is the default.
func WithModelLimits(limits model.Limits) ModelOption {
	return func(o *modelOptions) { o.limits = limits }
}

func applyModelOptions(opts []ModelOption) *modelOptions {
	o := new(modelOptions)
	for _, opt := range opts {
		if opt != nil {
			opt(o)
		}
	}
	o.limits.TensorBytes = cmp.Or(o.limits.TensorBytes, model.DefaultLimits.TensorBytes)
	o.limits.TotalBytes = cmp.Or(o.limits.TotalBytes, model.DefaultLimits.TotalBytes)
	return o
}

// LoadModel reads a model file. The bytes are copied into memory of our own, so
// the file may change or vanish afterwards.
//
// Errors wrap fs.ErrNotExist and its kin for the file, [ErrBadModel] for its
// content, [ErrMemory] where memory runs out or the model asks for more than the limits, which
// [WithModelLimits] can raise, and [ErrPlatform] where the processor lacks what the
// runtime needs.
func LoadModel(path string, opts ...ModelOption) (*Model, error) {
	// Opening a pipe would wait for its writer, and a device may never end.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, failf("load model", "%s is %s, not a model: %w", path, model.FileKind(info.Mode()), ErrBadModel)
	}
	f, err := os.Open(path)
	return loadModel(f, path, err, opts)
}

// LoadModelFS reads a model file from fsys, an embed.FS for example. Errors are
// those of [LoadModel].
func LoadModelFS(fsys fs.FS, name string, opts ...ModelOption) (*Model, error) {
	if fsys == nil {
		return nil, failf("load model", "%s: no file system given: %w", name, fs.ErrInvalid)
	}
	f, err := fsys.Open(name)
	return loadModel(f, name, err, opts)
}

// loadModel takes what an Open returned.
func loadModel(f fs.File, name string, err error, opts []ModelOption) (*Model, error) {
	if err != nil {
		return nil, &Error{Op: "load model", Err: err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, &Error{Op: "load model", Err: err}
	}
	if info.IsDir() {
		return nil, failf("load model", "%s is a directory, not a model: %w", name, ErrBadModel)
	}
	m, err := readModel(f, info.Size(), opts)
	if e, ok := errors.AsType[*Error](err); ok {
		return nil, &Error{Op: e.Op, Status: e.Status, Detail: e.Detail, Err: fmt.Errorf("%s: %w", name, e.Err)}
	}
	return m, err
}

// NewModel makes a model of bytes, which are copied. Errors are those of [LoadModel].
func NewModel(b []byte, opts ...ModelOption) (*Model, error) {
	return readModel(bytes.NewReader(b), int64(len(b)), opts)
}

// maxModelSize is what the 32 bit offsets of the file format can address.
const maxModelSize = math.MaxInt32

func readModel(r io.Reader, size int64, opts []ModelOption) (*Model, error) {
	const op = "load model"
	if err := usable(); err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	if size > maxModelSize {
		return nil, failf(op, "%w: %d bytes, more than the format's limit of %d", ErrBadModel, size, maxModelSize)
	}
	p := capi.Alloc(int(size))
	if p == nil {
		return nil, failf(op, "the model's %d bytes: %w", size, ErrMemory)
	}
	buf := unsafe.Slice((*byte)(p), size)
	if _, err := io.ReadFull(r, buf); err != nil {
		capi.Free(p)
		return nil, failf(op, "%w: read stopped before %d bytes: %w", ErrBadModel, size, err)
	}
	data, err := createModel(buf, applyModelOptions(opts))
	if err != nil {
		capi.Free(p)
		return nil, err
	}
	data.bytes = p
	return newModel(data), nil
}

// createModel verifies the bytes and has the runtime make a model of them.
//
// The runtime's own verifier looks at the file format only: a well-formed file
// with a graph that makes no sense still crashes it. So ours goes first.
func createModel(buf []byte, o *modelOptions) (*modelData, error) {
	const op = "load model"
	parsed, err := model.Parse(buf)
	if err == nil {
		err = parsed.VerifyWithin(o.limits)
	}
	if err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	reporter := capi.ReporterNew()
	if reporter == nil {
		return nil, noMemory(op)
	}
	defer capi.ReporterFree(reporter)
	c := capi.ModelCreate(unsafe.Pointer(unsafe.SliceData(buf)), len(buf), reporter)
	if c == nil {
		return nil, failed(op, capi.Error, reporter, ErrBadModel)
	}
	return &modelData{refs: 1, model: c, facts: newFacts(parsed, o.limits)}, nil
}

func newModel(data *modelData) *Model {
	m := &Model{data: data}
	m.cleanup = runtime.AddCleanup(m, func(d *modelData) { d.release() }, data)
	return m
}

// Close frees the model. Interpreters made from it go on working: the memory goes
// when the last of them is closed. Closing twice, or a nil Model, does nothing.
func (m *Model) Close() error {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.data != nil {
		m.cleanup.Stop()
		m.data.release()
		m.data = nil
	}
	return nil
}

// retain returns the shared part with one more reference.
func (m *Model) retain() (*modelData, error) {
	if m == nil {
		return nil, fmt.Errorf("model is nil: %w", ErrClosed)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.data == nil {
		return nil, fmt.Errorf("model: %w", ErrClosed)
	}
	return m.data.retain(), nil
}

func (d *modelData) retain() *modelData {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refs++
	return d
}

func (d *modelData) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refs--
	if d.refs == 0 {
		capi.ModelDelete(d.model)
		capi.Free(d.bytes)
	}
}

// Version returns the version of the linked TensorFlow Lite runtime, such as
// "2.17.1", and "" without cgo.
func Version() string { return strings.TrimSpace(capi.Version()) }
