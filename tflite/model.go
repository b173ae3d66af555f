package tflite

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"sync"
	"unsafe"

	"github.com/gocoral/coral/internal/capi"
	"github.com/gocoral/coral/internal/modelfile"
	"github.com/gocoral/coral/internal/options"
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
	bytes block
	// unusable says of signatures that do not fit the model, by key, why.
	unusable map[string]error
	facts
}

// ModelOption configures a [Model]; see [WithModelLimits].
type ModelOption func(*modelOptions) error

type modelOptions struct{ limits model.Limits }

// WithModelLimits sets how much memory a model may ask for, in place of
// [model.DefaultLimits]. A limit of 0 is the default, a negative one gives [ErrRange].
func WithModelLimits(limits model.Limits) ModelOption {
	return func(o *modelOptions) error {
		o.limits = limits
		return nil
	}
}

// LoadModel reads a model file. The bytes are copied into memory of our own, so
// the file may change or vanish afterwards.
//
// Errors wrap fs.ErrNotExist and its kin for the file, [ErrBadModel] for its content,
// [ErrMemory] where memory runs out, and for a model that is larger than the format allows
// or asks for more than the limits do, which [WithModelLimits] can raise, and those of
// [Runtime] where there is no usable TensorFlow Lite library.
func LoadModel(path string, opts ...ModelOption) (*Model, error) {
	f, err := modelfile.Open(path)
	return loadModel(f, path, err, opts)
}

// LoadModelFS reads a model file from fsys, an embed.FS for example. Errors are
// those of [LoadModel].
func LoadModelFS(fsys fs.FS, name string, opts ...ModelOption) (*Model, error) {
	f, err := modelfile.OpenFS(fsys, name)
	return loadModel(f, name, err, opts)
}

// loadModel takes what an opening returned.
func loadModel(f fs.File, name string, err error, opts []ModelOption) (*Model, error) {
	if err != nil {
		return nil, &Error{Op: "load model", Err: err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, &Error{Op: "load model", Err: err}
	}
	m, err := readModel(f, info.Size(), opts)
	if e, ok := errors.AsType[*Error](err); ok {
		return nil, &Error{Op: e.Op, Status: e.Status, Detail: e.Detail, Err: fmt.Errorf("%s: %w", name, e.Err)}
	}
	return m, err
}

// NewModel makes a model of bytes, which are copied. Errors are those of [LoadModel]
// for the content.
func NewModel(b []byte, opts ...ModelOption) (*Model, error) {
	return readModel(bytes.NewReader(b), int64(len(b)), opts)
}

func readModel(r io.Reader, size int64, opts []ModelOption) (*Model, error) {
	if err := usable(); err != nil {
		return nil, &Error{Op: "load model", Err: err}
	}
	var o modelOptions
	if err := options.Apply(&o, opts); err != nil {
		return nil, &Error{Op: "load model", Err: err}
	}
	b, err := modelfile.Read(r, size, allocate)
	if err != nil {
		block(b).free()
		return nil, &Error{Op: "load model", Err: err}
	}
	return createModel(b, &o)
}

// block is memory that is C's, for bytes that the runtime keeps a pointer to.
type block []byte

func allocate(size int) ([]byte, error) {
	p := capi.Alloc(size)
	if p == nil {
		return nil, fmt.Errorf("%w: none for the model's %d bytes", ErrMemory, size)
	}
	return unsafe.Slice((*byte)(p), size), nil
}

func (b block) pointer() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

func (b block) free() { capi.Free(b.pointer()) }

// createModel has the runtime make a model of the bytes, which it takes over.
func createModel(b block, o *modelOptions) (*Model, error) {
	b, parsed, err := prepare(b, o)
	if err != nil {
		b.free()
		return nil, &Error{Op: "load model", Err: err}
	}
	reporter := capi.ReporterNew()
	if reporter == nil {
		b.free()
		return nil, noMemory("load model")
	}
	defer capi.ReporterFree(reporter)
	c := capi.ModelCreate(b.pointer(), len(b), reporter)
	if c == nil {
		b.free()
		return nil, failed("load model", capi.Error, reporter, ErrBadModel)
	}
	return newModel(&modelData{refs: 1, model: c, bytes: b, unusable: parsed.UnusableSignatures, facts: newFacts(parsed, o.limits)}), nil
}

// prepare verifies the bytes, and returns them or others in their place, with all
// constants where the runtime looks for them.
//
// The runtime's own verifier looks at the file format only: a well-formed file
// with a graph that makes no sense still crashes it. So ours goes first.
func prepare(b block, o *modelOptions) (block, *model.Model, error) {
	parsed, err := verify(b, o)
	if err != nil {
		return b, nil, err
	}
	inside, err := parsed.Inline()
	if err != nil || unsafe.SliceData(inside) == unsafe.SliceData(b) {
		return b, parsed, err
	}
	b.free() // First, so that there are no more than two copies at a time.
	b, err = allocate(len(inside))
	if err != nil {
		return nil, nil, err
	}
	copy(b, inside)
	parsed, err = verify(b, o)
	return b, parsed, err
}

func verify(b block, o *modelOptions) (*model.Model, error) {
	parsed, err := model.Parse(b)
	if err != nil {
		return nil, err
	}
	if err := parsed.VerifyWithin(o.limits); err != nil {
		return nil, err
	}
	return parsed, nil
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
		d.bytes.free()
	}
}
