package worker

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/engine"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/tflite"
)

const supported = true

const (
	// openGrace is added to the worker's own limit for opening a device.
	openGrace = 2 * time.Second
	// defaultOpen is that limit when the caller has none.
	defaultOpen = 12 * time.Second
)

// remote is an engine in a worker process. Whatever happens there, this process gets an
// error.
type remote struct {
	process *process
	conn    *net.UnixConn
	send    *gob.Encoder
	receive *gob.Decoder
	shared  *os.File // the memory, until it is mapped
	sizes   engine.Sizes

	backend, how string

	// The memory may be used by an inference whose caller has gone.
	mu      sync.RWMutex
	memory  []byte
	inputs  [][]byte
	outputs [][]byte

	closing sync.Once
}

// Open makes an engine in a worker process: on the device or, if that is the zero one, on
// the CPU. Where no worker can be had, the error wraps [ErrNone].
func Open(ctx context.Context, spec *engine.Spec, d edgetpu.Device) (engine.Engine, error) {
	p, err := acquire(ctx, keyOf(spec, d), d.Type == edgetpu.USB && needsDescriptors(spec.Parsed))
	if err != nil {
		return nil, err
	}
	e := &remote{process: p}
	if err := e.open(ctx, spec, d); err != nil {
		go e.close(false) // which may take longer than ctx lasts
		return nil, err
	}
	return e, nil
}

func (e *remote) open(ctx context.Context, spec *engine.Spec, d edgetpu.Device) error {
	library, err := tflite.Runtime()
	if err != nil {
		return err
	}
	if err := e.converse(); err != nil {
		return fmt.Errorf("%w: %w", ErrNone, err)
	}
	q := &openRequest{
		Model: spec.Model, Device: d, Options: spec.Options, Library: spec.Library,
		Threads: spec.Threads, XNNPACK: spec.XNNPACK, Shapes: spec.Shapes, Limits: spec.Limits, Memory: spec.Memory, Timeout: defaultOpen,
	}
	if deadline, ok := ctx.Deadline(); ok {
		q.Timeout = min(q.Timeout, time.Until(deadline))
	}
	err = within(ctx, e.conn, q.Timeout+openGrace, func() error {
		if err := e.use(library); err != nil {
			return err
		}
		return e.prepare(q)
	})
	if ended := errs.Ended(ctx); ended != nil && err != nil {
		return ended
	}
	return err
}

// use has the worker open the program's library, in which it may die.
func (e *remote) use(library tflite.RuntimeInfo) error {
	l := libraryOf(library)
	_, err := e.order(&request{Use: &l})
	if errors.Is(err, engine.ErrDied) {
		return fmt.Errorf("while it opened TensorFlow Lite's library %q: %w", library.Path, err)
	}
	return err
}

// prepare has the worker open the device and prepare the model, and shares memory with it.
func (e *remote) prepare(q *openRequest) error {
	r, err := e.order(&request{Open: q})
	if err != nil {
		return err
	}
	e.sizes, e.backend = r.Sizes, r.Backend
	e.how = fmt.Sprintf("in a worker process (%d), %s", e.process.cmd.Process.Pid, r.How)
	if err := e.share(q.Memory); err != nil {
		return err
	}
	_, err = e.order(&request{Map: true})
	return err
}

// converse begins a conversation: it sends the worker a socket and memory of no size yet.
func (e *remote) converse() error {
	fd, err := unix.MemfdCreate("gocoral", unix.MFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("shared memory: %w", err)
	}
	e.shared = os.NewFile(uintptr(fd), "gocoral-memory")
	ours, theirs, err := socketPair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	e.conn = ours
	e.send, e.receive = gob.NewEncoder(ours), gob.NewDecoder(ours)
	rights := unix.UnixRights(int(theirs.Fd()), fd)
	_, _, err = e.process.control.WriteMsgUnix([]byte{0}, rights, nil)
	return err
}

// share gives the memory its size and maps it.
func (e *remote) share(limit uint64) error {
	_, _, size := layout(nil, e.sizes)
	if limit > 0 && uint64(size) > limit {
		return fmt.Errorf("inputs and outputs take %d bytes, the limit for a worker process is %d: %w", size, limit, errs.ErrMemory)
	}
	if err := e.shared.Truncate(int64(max(size, 1))); err != nil {
		return fmt.Errorf("shared memory of %d bytes: %w: %w", size, errs.ErrMemory, err)
	}
	memory, err := mapMemory(e.shared, size)
	if err != nil {
		return err
	}
	e.shared.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.memory = memory
	e.inputs, e.outputs, _ = layout(memory, e.sizes)
	return nil
}

func mapMemory(f *os.File, size int) ([]byte, error) {
	memory, err := unix.Mmap(int(f.Fd()), 0, max(size, 1), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("shared memory of %d bytes: %w: %w", size, errs.ErrMemory, err)
	}
	return memory, nil
}

// order sends a request and waits for the response.
func (e *remote) order(q *request) (*response, error) {
	var r response
	err := e.send.Encode(q)
	if err == nil {
		err = e.receive.Decode(&r)
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("the worker process does not answer: %w", err)
	case err != nil:
		return nil, e.process.died(err)
	case r.Error != nil:
		return nil, r.Error.err()
	}
	return &r, nil
}

func (e *remote) Sizes() engine.Sizes { return e.sizes }

func (e *remote) Load(inputs [][]byte) error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.memory == nil {
		return errs.ErrClosed
	}
	return exchange(e.inputs, inputs)
}

func (e *remote) Unload(outputs [][]byte) error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.memory == nil {
		return errs.ErrClosed
	}
	return exchange(outputs, e.outputs)
}

func exchange(dst, src [][]byte) error {
	if len(dst) != len(src) {
		return fmt.Errorf("%d tensors for %d: %w", len(src), len(dst), errs.ErrSize)
	}
	for k := range dst {
		if len(dst[k]) != len(src[k]) {
			return fmt.Errorf("tensor %d has %d bytes there and %d here: %w", k, len(src[k]), len(dst[k]), errs.ErrSize)
		}
	}
	for k := range dst {
		copy(dst[k], src[k])
	}
	return nil
}

func (e *remote) Invoke() error {
	_, err := e.order(&request{Infer: true})
	return err
}

func (e *remote) Reset() error {
	_, err := e.order(&request{Reset: true})
	return err
}

// Gone is closed when the process has ended.
func (e *remote) Gone() <-chan struct{} { return e.process.dead }

// Abandon kills the process, and so all engines in it: what one hangs in, the others will
// hang in too.
func (e *remote) Abandon() bool {
	e.process.kill()
	go e.close(false)
	return true
}

// Close ends the engine and, if it was the process's last, that too.
func (e *remote) Close() { e.close(true) }

// close lets the worker close the engine first, if that is to be hoped for.
func (e *remote) close(inOrder bool) {
	e.closing.Do(func() {
		if inOrder {
			e.finish()
		}
		if e.process.release() {
			e.process.end()
		}
		if e.conn != nil {
			e.conn.Close()
		}
		if e.shared != nil {
			e.shared.Close()
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.memory != nil {
			_ = unix.Munmap(e.memory)
			e.memory, e.inputs, e.outputs = nil, nil, nil
		}
	})
}

// finish waits until the worker has closed the engine and given the device back.
func (e *remote) finish() {
	if e.conn == nil {
		return
	}
	_ = e.conn.CloseWrite()
	_ = e.conn.SetReadDeadline(time.Now().Add(endTimeout))
	_, _ = io.Copy(io.Discard, e.conn)
}

func (e *remote) Describe() (backend, how string) { return e.backend, e.how }
