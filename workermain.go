//go:build linux

package coral

import (
	"context"
	"encoding/gob"
	"fmt"
	"log/slog"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"github.com/gocoral/coral/model"
)

// WorkerMain serves the session that started this process, and never returns. It is for
// processes in which [IsWorker] is true.
func WorkerMain() {
	os.Unsetenv(workerEnv) // not for what this process may start
	if err := serveSession(); err != nil {
		fmt.Fprintln(os.Stderr, "coral worker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serveSession answers requests until the session closes the socket.
func serveSession() error {
	socket := os.NewFile(workerSocket, "gocoral-session")
	conn, err := net.FileConn(socket)
	if err != nil {
		return err
	}
	socket.Close()
	w := &worker{send: gob.NewEncoder(conn)}
	if err := w.send.Encode(greeting()); err != nil {
		return err
	}
	// Requests are read while one is being served, so that this process ends with the
	// session even when the library hangs.
	receive, requests := gob.NewDecoder(conn), make(chan *request)
	go w.serve(requests)
	for {
		q := new(request)
		if err := receive.Decode(q); err != nil {
			return nil //nolint:nilerr // the session has gone, which is how a worker ends
		}
		requests <- q
	}
}

// worker is the serving side of a workerEngine.
type worker struct {
	send    *gob.Encoder
	engine  *localEngine
	inputs  [][]byte
	outputs [][]byte
}

func (w *worker) serve(requests <-chan *request) {
	for q := range requests {
		var r response
		var err error
		switch {
		case q.Open != nil:
			err = w.open(q.Open, &r)
		case w.engine == nil:
			err = fmt.Errorf("no device is open: %w", ErrClosed)
		case q.Reset:
			err = w.engine.reset()
		case q.Infer:
			err = w.infer()
		}
		r.Error = toRemote(err)
		if w.send.Encode(&r) != nil {
			os.Exit(0)
		}
	}
}

func (w *worker) open(q *openRequest, r *response) error {
	if w.engine != nil {
		return fmt.Errorf("a device is open already: %w", ErrUnsupported)
	}
	if err := limitMemory(q.Memory); err != nil {
		return err
	}
	_, size := layout(nil, q.Inputs, q.Outputs)
	shared := os.NewFile(workerMemory, "gocoral-memory")
	defer shared.Close()
	mem, err := mapMemory(shared, max(size, 1), false)
	if err != nil {
		return err
	}
	views, _ := layout(mem, q.Inputs, q.Outputs)
	w.inputs, w.outputs = views[0], views[1]

	m, err := model.Parse(q.Model)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), q.Timeout)
	defer cancel()
	spec := &engineSpec{
		model: q.Model, parsed: m, threads: q.Threads, xnnpack: q.XNNPACK,
		options: q.Options, library: q.Library, logger: slog.New(slog.DiscardHandler),
	}
	if q.Device.Path == "" {
		w.engine, err = prepare(spec, nil)
	} else {
		w.engine, err = openLocal(ctx, spec, q.Device)
	}
	if err != nil {
		return err
	}
	q.Model = nil // the interpreter has a copy
	r.Backend, r.How = w.engine.interpreter.Backend().String(), w.engine.by()
	return nil
}

func (w *worker) infer() error {
	if err := w.engine.load(w.inputs); err != nil {
		return err
	}
	if err := w.engine.invoke(); err != nil {
		return err
	}
	return w.engine.unload(w.outputs)
}

// limitMemory makes allocations beyond the limit fail in this process, and not in others.
func limitMemory(bytes uint64) error {
	if bytes == 0 {
		return nil
	}
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: bytes, Max: bytes}); err != nil {
		return fmt.Errorf("memory limit of %d bytes: %w", bytes, err)
	}
	return nil
}
