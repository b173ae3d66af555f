package worker

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/engine"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// Main serves the program that started this process, and never returns. It is for
// processes in which [IsWorker] is true. A process with more rights than its user serves
// nobody: it would run the libraries that the other end names.
func Main() {
	os.Unsetenv(environment) // not for what this process may start
	err := servable(dl.Privileged())
	if err == nil {
		err = serveProgram()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "coral worker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func servable(privileged bool) error {
	if privileged {
		return fmt.Errorf("this process has more rights than its user (set-uid, file capabilities) and is no worker: %w", errs.ErrPlatform)
	}
	return nil
}

// serveProgram takes conversations until the program closes the control socket. It then
// returns whatever they do: a library may hang.
func serveProgram() error {
	control, err := unixConn(controlSocket)
	if err != nil {
		return err
	}
	if err := gob.NewEncoder(control).Encode(greeting()); err != nil {
		return err
	}
	for {
		conn, shared, err := accept(control)
		if err != nil || conn == nil {
			return err
		}
		s := &server{conn: conn, send: gob.NewEncoder(conn), shared: shared}
		go s.serve()
	}
}

// accept waits for a conversation: its socket and its memory. conn is nil at the end.
func accept(control *net.UnixConn) (conn *net.UnixConn, shared *os.File, err error) {
	const count = 2
	message, oob := make([]byte, 1), make([]byte, unix.CmsgSpace(count*4))
	n, size, _, _, err := control.ReadMsgUnix(message, oob)
	if n == 0 || err != nil {
		return nil, nil, nil //nolint:nilerr // the program has gone, which is how a worker ends
	}
	var fds []int
	parsed, err := unix.ParseSocketControlMessage(oob[:size])
	if err == nil && len(parsed) == 1 {
		fds, err = unix.ParseUnixRights(&parsed[0])
	}
	if err != nil || len(fds) != count {
		return nil, nil, fmt.Errorf("%d descriptors instead of %d: %w", len(fds), count, errors.Join(err, errs.ErrPlatform))
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	shared = os.NewFile(uintptr(fds[1]), "gocoral-memory")
	conn, err = unixConn(fds[0])
	return conn, shared, err
}

// server is the serving end of a remote engine.
type server struct {
	conn    net.Conn
	send    *gob.Encoder
	shared  *os.File
	engine  engine.Engine
	memory  []byte
	inputs  [][]byte
	outputs [][]byte
}

// serve answers requests until the other end closes the socket.
func (s *server) serve() {
	defer s.close()
	receive := gob.NewDecoder(s.conn)
	for {
		var q request
		if receive.Decode(&q) != nil {
			return
		}
		var r response
		r.Error = toWire(s.answer(&q, &r))
		if s.send.Encode(&r) != nil {
			return
		}
	}
}

func (s *server) answer(q *request, r *response) error {
	switch {
	case q.Use != nil:
		return q.Use.use()
	case q.Open != nil:
		return s.open(q.Open, r)
	case s.engine == nil:
		return fmt.Errorf("no engine is open: %w", errs.ErrClosed)
	case q.Map:
		return s.share()
	case q.Reset:
		return s.engine.Reset()
	case q.Infer:
		return s.infer()
	}
	return fmt.Errorf("an empty request: %w", errs.ErrUnsupported)
}

func (s *server) open(q *openRequest, r *response) error {
	if s.engine != nil {
		return fmt.Errorf("an engine is open already: %w", errs.ErrBusy)
	}
	if err := limitMemory(q.Memory); err != nil {
		return err
	}
	m, err := model.Parse(q.Model)
	if err != nil {
		return err
	}
	spec := &engine.Spec{
		Model: q.Model, Parsed: m, Threads: q.Threads, XNNPACK: q.XNNPACK, Shapes: q.Shapes, Limits: q.Limits,
		Options: q.Options, Library: q.Library, Logger: slog.New(slog.DiscardHandler),
	}
	if q.Device.Path == "" {
		s.engine, err = engine.OpenCPU(spec)
	} else {
		ctx, cancel := context.WithTimeout(context.Background(), q.Timeout)
		defer cancel()
		s.engine, err = engine.OpenDevice(ctx, spec, q.Device)
	}
	if err != nil {
		s.engine = nil
		return err
	}
	r.Sizes = s.engine.Sizes()
	r.Backend, r.How = s.engine.Describe()
	return nil
}

// use opens the program's library in this process. One that is linked into the worker, or
// was opened before, stays, and does as well if it is of the same version.
func (l tfliteLibrary) use() error {
	if l.Path != "" {
		if err := tflite.Load(l.Path); err != nil && !errors.Is(err, errs.ErrBusy) {
			return err
		}
	}
	library, err := tflite.Runtime()
	if err != nil {
		return err
	}
	if library.Version != l.Version {
		return fmt.Errorf("the worker process has TensorFlow Lite %s (%s), and the program %s (%s): build both alike: %w",
			library.Version, library.Path, l.Version, l.Path, errs.ErrUnsupported)
	}
	return nil
}

// share maps the memory, which has its size now.
func (s *server) share() error {
	if s.memory != nil {
		return fmt.Errorf("the memory is mapped already: %w", errs.ErrBusy)
	}
	sizes := s.engine.Sizes()
	_, _, size := layout(nil, sizes)
	memory, err := mapMemory(s.shared, size)
	if err != nil {
		return err
	}
	s.memory = memory
	s.inputs, s.outputs, _ = layout(memory, sizes)
	return nil
}

func (s *server) infer() error {
	if err := s.engine.Load(s.inputs); err != nil {
		return err
	}
	if err := s.engine.Invoke(); err != nil {
		return err
	}
	return s.engine.Unload(s.outputs)
}

func (s *server) close() {
	if s.engine != nil {
		s.engine.Close()
	}
	if s.memory != nil {
		_ = unix.Munmap(s.memory)
	}
	s.shared.Close()
	s.conn.Close() // which tells the other end that all is given back
}

// limitMemory makes allocations beyond the limit fail in this process, and not in others.
func limitMemory(bytes uint64) error {
	if bytes == 0 {
		return nil
	}
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: bytes, Max: bytes}); err != nil {
		return fmt.Errorf("memory limit of %d bytes: %w: %w", bytes, errs.ErrPlatform, err)
	}
	return nil
}
