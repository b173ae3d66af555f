//go:build linux

package coral

import (
	"context"
	"encoding/gob"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/errs"
)

const workersSupported = true

const (
	// greetTimeout is how long a worker may take to start.
	greetTimeout = 10 * time.Second
	// openGrace is added to the worker's own limit for opening a device.
	openGrace = 2 * time.Second
	// defaultOpen is that limit when the caller has none.
	defaultOpen = 12 * time.Second
)

// workerEngine drives the device in a worker process. Whatever happens there, this
// process gets an error.
type workerEngine struct {
	cmd     *exec.Cmd
	conn    net.Conn
	send    *gob.Encoder
	receive *gob.Decoder
	memory  []byte
	inputs  [][]byte
	outputs [][]byte

	backend, how string
	stderr       *tail

	dead    chan struct{} // closed when the process has ended
	ended   error         // how, once dead is closed
	unmap   sync.Once
	closing sync.Once
}

// startWorker starts cmd as a worker and opens the device there.
func startWorker(ctx context.Context, cmd *exec.Cmd, open *openRequest) (*workerEngine, error) {
	e := &workerEngine{cmd: cmd, dead: make(chan struct{}), stderr: &tail{}}
	if err := e.start(open); err != nil {
		return nil, fmt.Errorf("starting a worker process (%s): %w", cmd.Path, err)
	}
	if err := e.open(ctx, open); err != nil {
		e.abandon()
		return nil, err
	}
	return e, nil
}

// start makes the shared memory and the socket, and the process that inherits them.
func (e *workerEngine) start(open *openRequest) error {
	_, size := layout(nil, open.Inputs, open.Outputs)
	fd, err := unix.MemfdCreate("gocoral", unix.MFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("shared memory: %w", err)
	}
	shared := os.NewFile(uintptr(fd), "gocoral-memory")
	defer shared.Close()
	if e.memory, err = mapMemory(shared, max(size, 1), true); err != nil {
		return err
	}
	views, _ := layout(e.memory, open.Inputs, open.Outputs)
	e.inputs, e.outputs = views[0], views[1]

	ours, theirs, err := socketPair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	e.conn = ours
	e.send, e.receive = gob.NewEncoder(ours), gob.NewDecoder(ours)

	e.cmd.Env = append(os.Environ(), workerEnv+"=1")
	e.cmd.ExtraFiles = []*os.File{theirs, shared} // become 3 and 4
	e.cmd.Stderr = e.stderr
	if err := e.cmd.Start(); err != nil {
		e.conn.Close()
		return err
	}
	go func() {
		e.ended = e.cmd.Wait()
		close(e.dead)
	}()
	return nil
}

// open greets the worker and has it open the device.
func (e *workerEngine) open(ctx context.Context, open *openRequest) error {
	open.Timeout = defaultOpen
	if deadline, ok := ctx.Deadline(); ok {
		open.Timeout = min(open.Timeout, time.Until(deadline))
	}
	stop := context.AfterFunc(ctx, func() { e.conn.SetDeadline(time.Now()) })
	defer stop()

	e.conn.SetDeadline(time.Now().Add(greetTimeout))
	var theirs hello
	if err := e.receive.Decode(&theirs); err != nil {
		return fmt.Errorf("the worker process does not answer: %w", e.died(ctx, err))
	}
	if theirs != greeting() {
		return fmt.Errorf("the worker process (%s) is of version %s, this program of %s: install the same: %w", e.cmd.Path, theirs.Build, build(), ErrUnsupported)
	}
	e.conn.SetDeadline(time.Now().Add(open.Timeout + openGrace))
	r, err := e.call(&request{Open: open})
	if err != nil {
		return e.died(ctx, err)
	}
	if r.Error != nil {
		return r.Error
	}
	e.backend, e.how = r.Backend, r.How
	e.conn.SetDeadline(time.Time{})
	return nil
}

func (e *workerEngine) call(q *request) (*response, error) {
	if err := e.send.Encode(q); err != nil {
		return nil, err
	}
	var r response
	if err := e.receive.Decode(&r); err != nil {
		return nil, err
	}
	return &r, nil
}

// died says how the worker ended, if it did, and what it had to say.
func (e *workerEngine) died(ctx context.Context, err error) error {
	if ended := errs.Ended(ctx); ended != nil {
		return ended
	}
	select {
	case <-e.dead:
	case <-time.After(time.Second):
		return err
	}
	how := "it ended"
	if e.ended != nil {
		how = e.ended.Error()
	}
	if last := e.stderr.last(); last != "" {
		how += ": " + last
	}
	return fmt.Errorf("the worker process died: %s: %w", how, errWorkerDied)
}

func (e *workerEngine) load(inputs [][]byte) error { return exchange(e.inputs, inputs) }

func (e *workerEngine) unload(outputs [][]byte) error { return exchange(outputs, e.outputs) }

func exchange(dst, src [][]byte) error {
	if len(dst) != len(src) {
		return fmt.Errorf("%d tensors for %d: %w", len(src), len(dst), ErrSize)
	}
	for k := range dst {
		if len(dst[k]) != len(src[k]) {
			return fmt.Errorf("tensor %d has %d bytes there and %d here: %w", k, len(src[k]), len(dst[k]), ErrSize)
		}
		copy(dst[k], src[k])
	}
	return nil
}

func (e *workerEngine) invoke() error { return e.order(&request{Infer: true}) }

func (e *workerEngine) reset() error { return e.order(&request{Reset: true}) }

func (e *workerEngine) order(q *request) error {
	r, err := e.call(q)
	switch {
	case err != nil:
		return e.died(context.Background(), err)
	case r.Error != nil:
		return r.Error
	}
	return nil
}

// gone is closed when the process has ended.
func (e *workerEngine) gone() <-chan struct{} { return e.dead }

// abandon kills the worker, whatever it hangs in. The kernel gives the device back.
func (e *workerEngine) abandon() bool {
	e.cmd.Process.Kill()
	go e.close()
	return true
}

// close lets the worker end by itself, for two seconds.
func (e *workerEngine) close() {
	e.closing.Do(func() { e.conn.Close() })
	select {
	case <-e.dead:
	case <-time.After(closeTimeout):
		e.cmd.Process.Kill()
		<-e.dead
	}
	e.unmap.Do(func() { unix.Munmap(e.memory) })
}

func (e *workerEngine) describe() (backend, how string) {
	return e.backend, fmt.Sprintf("in a worker process (%d), %s", e.cmd.Process.Pid, e.how)
}

// tail keeps the end of what a worker printed on standard error.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if n := len(t.text) - tailSize; n > 0 {
		t.text = append(t.text[:0], t.text[n:]...)
	}
	return len(p), nil
}

// last returns the last line that says something of a failure.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	for _, line := range slices.Backward(lines) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "INFO:") {
			return line
		}
	}
	return ""
}

// openInWorker opens the device in a worker process.
func openInWorker(ctx context.Context, cmd *exec.Cmd, spec *engineSpec, d edgetpu.Device, inputs, outputs []int) (engine, error) {
	return startWorker(ctx, cmd, &openRequest{
		Model: spec.model, Device: d, Options: spec.options, Library: spec.library,
		Threads: spec.threads, XNNPACK: spec.xnnpack, Memory: spec.memory,
		Inputs: inputs, Outputs: outputs,
	})
}

func socketPair() (ours net.Conn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socket: %w", err)
	}
	file := os.NewFile(uintptr(fds[0]), "gocoral-worker")
	defer file.Close()
	theirs = os.NewFile(uintptr(fds[1]), "gocoral-session")
	if ours, err = net.FileConn(file); err != nil {
		theirs.Close()
		return nil, nil, fmt.Errorf("socket: %w", err)
	}
	return ours, theirs, nil
}

func mapMemory(f *os.File, size int, create bool) ([]byte, error) {
	if create {
		if err := f.Truncate(int64(size)); err != nil {
			return nil, fmt.Errorf("shared memory: %w", err)
		}
	}
	mem, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("shared memory: %w", err)
	}
	return mem, nil
}

func isSocket(fd int) bool {
	var stat unix.Stat_t
	return unix.Fstat(fd, &stat) == nil && stat.Mode&unix.S_IFMT == unix.S_IFSOCK
}
