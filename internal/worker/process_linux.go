package worker

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/engine"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/model"
)

const (
	// greetTimeout is how long a worker may take to start.
	greetTimeout = 10 * time.Second
	// endTimeout is how long one may take to end.
	endTimeout = 2 * time.Second
)

// process is a worker process.
type process struct {
	cmd     *exec.Cmd
	control *net.UnixConn
	output  output
	dead    chan struct{} // closed when the process has ended
	ended   error         // how, once dead is closed

	// Under the lock of shared:
	engines int
	ending  bool
}

// key tells which engines can share a process: those on one device, opened alike.
type key struct {
	device  string
	library string
	machine string // the one that a test shows instead of this one
	memory  uint64
}

// keyOf counts what a worker takes from the environment when it starts: it would not see a
// change.
func keyOf(spec *engine.Spec, d edgetpu.Device) key {
	library := append([]string{os.Getenv("CORAL_EDGETPU_LIB")}, spec.Library...)
	return key{device: d.Path, library: strings.Join(library, "\x00"), machine: os.Getenv("UMOCKDEV_DIR"), memory: spec.Memory}
}

// needsDescriptors reports whether Google's library refuses the model on USB unless
// [edgetpu.DescriptorsEnv] is set when it is loaded.
func needsDescriptors(m *model.Model) bool {
	compiled, err := m.EdgeTPU()
	return err == nil && compiled.NeedsDescriptors()
}

// shared are the processes that serve devices, one for each key.
var shared = struct {
	sync.Mutex
	places map[key]*place
}{places: make(map[key]*place)}

// place is where a process is or will be.
type place struct {
	descriptors bool          // it has [edgetpu.DescriptorsEnv], which suits all models
	ready       chan struct{} // closed when the process has started, or has not
	process     *process      // nil if it has not
	err         error
}

// acquire returns a process for an engine, one that runs already if it can be shared. Each
// acquire must be followed by one [process.release].
func acquire(ctx context.Context, k key, descriptors bool) (*process, error) {
	if k.device == "" { // the CPU
		p, err := start(ctx, false)
		if err == nil {
			p.engines = 1
		}
		return p, err
	}
	for {
		p, again, err := acquireShared(ctx, k, descriptors)
		if !again {
			return p, err
		}
	}
}

// errNoDescriptors: the library reads the variable when it is loaded, and not again.
var errNoDescriptors = fmt.Errorf("this program drives the device already, for models that need no %s: open the one that needs it before them: %w",
	edgetpu.DescriptorsEnv, errs.ErrDeviceBusy)

// acquireShared asks to be called again where the process has ended meanwhile.
func acquireShared(ctx context.Context, k key, descriptors bool) (p *process, again bool, err error) {
	shared.Lock()
	at, mine := shared.places[k], false
	if at == nil {
		at, mine = &place{descriptors: descriptors, ready: make(chan struct{})}, true
		shared.places[k] = at
	}
	shared.Unlock()
	if mine {
		at.process, at.err = start(ctx, descriptors)
		close(at.ready)
	}
	select {
	case <-at.ready:
	case <-ctx.Done():
		return nil, false, errs.Ended(ctx)
	}
	if at.process == nil {
		vacate(k, at)
		// The failure may be due to the other caller's context.
		return nil, !mine && errs.Ended(ctx) == nil, at.err
	}
	if at.process.join() {
		if descriptors && !at.descriptors {
			last := at.process.release() // then it ends, and another can be started
			return nil, last, errNoDescriptors
		}
		return at.process, false, nil
	}
	select { // it is about to end, and has the device until then
	case <-at.process.dead:
	case <-ctx.Done():
		return nil, false, errs.Ended(ctx)
	}
	vacate(k, at)
	return nil, true, nil
}

func vacate(k key, at *place) {
	shared.Lock()
	defer shared.Unlock()
	if shared.places[k] == at {
		delete(shared.places, k)
	}
}

// join adds an engine, unless the process ends.
func (p *process) join() bool {
	shared.Lock()
	defer shared.Unlock()
	select {
	case <-p.dead:
		return false
	default:
	}
	if p.ending {
		return false
	}
	p.engines++
	return true
}

// release takes an engine away. The process ends with the last one, which gets true.
func (p *process) release() (last bool) {
	shared.Lock()
	defer shared.Unlock()
	p.engines--
	if p.engines > 0 {
		return false
	}
	p.ending = true
	p.control.Close()
	return true
}

// starter runs what it is sent on one thread that never ends. The kernel kills a worker at
// the end of the thread that has started it, which is to be the end of the program.
var starter = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// proven is set once a worker has started as it should.
var proven atomic.Bool

// start starts a worker process and hears its greeting. A start may fail for once (memory is
// short, somebody kills it), so there is a second try; and where a worker has started before,
// a failure does not mean that none can be had.
func start(ctx context.Context, descriptors bool) (*process, error) {
	p, err := startOnce(ctx, descriptors)
	if err != nil && errs.Ended(ctx) == nil {
		p, err = startOnce(ctx, descriptors)
	}
	switch {
	case err == nil:
		proven.Store(true)
	case proven.Load() && errors.Is(err, ErrNone):
		err = fmt.Errorf("%w: %s", errs.ErrPlatform, err.Error()) // but not ErrNone
	}
	return p, err
}

func startOnce(ctx context.Context, descriptors bool) (*process, error) {
	if err := errs.Ended(ctx); err != nil {
		return nil, err
	}
	cmd, err := launcher()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, dead: make(chan struct{})}
	if err := p.start(descriptors); err != nil {
		return nil, fmt.Errorf("%w: starting %s: %w", ErrNone, cmd.Path, err)
	}
	if err := p.greet(ctx); err != nil {
		p.kill()
		p.control.Close()
		return nil, err
	}
	return p, nil
}

func (p *process) start(descriptors bool) error {
	ours, theirs, err := socketPair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	stderr, theirStderr, err := os.Pipe()
	if err != nil {
		ours.Close()
		return err
	}
	defer theirStderr.Close()
	p.control = ours
	p.cmd.Env = append(os.Environ(), environment+"=1")
	if descriptors {
		p.cmd.Env = append(p.cmd.Env, edgetpu.DescriptorsEnv+"=1")
	}
	p.cmd.ExtraFiles = []*os.File{theirs} // becomes 3
	p.cmd.Stderr = theirStderr            // a file, so that Wait waits for the process only
	p.cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:   true, // Ctrl-C is for the program
		Pdeathsig: syscall.SIGKILL,
	}
	done := make(chan error)
	starter() <- func() { done <- p.cmd.Start() }
	if err := <-done; err != nil {
		ours.Close()
		stderr.Close()
		return err
	}
	go p.wait(stderr)
	return nil
}

// wait notes the end of the process. Whatever the process has started may hold its standard
// error open for longer.
func (p *process) wait(stderr *os.File) {
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.output.read(stderr)
	}()
	p.ended = p.cmd.Wait()
	_ = stderr.SetReadDeadline(time.Now().Add(100 * time.Millisecond)) // what it said last is there already
	<-read
	stderr.Close()
	p.control.Close()
	close(p.dead)
}

// greet makes sure that both ends mean the same by the same messages.
func (p *process) greet(ctx context.Context) error {
	var theirs hello
	err := within(ctx, p.control, greetTimeout, func() error { return gob.NewDecoder(p.control).Decode(&theirs) })
	if ended := errs.Ended(ctx); ended != nil {
		return ended
	}
	if err != nil {
		return fmt.Errorf("%w: %s does not answer as one: %w", ErrNone, p.cmd.Path, p.died(err))
	}
	if theirs != greeting() {
		return fmt.Errorf("%w: %s was built from another version of this module: install the same", ErrNone, p.cmd.Path)
	}
	return nil
}

// within runs f, which reads from or writes to conn, and ends it after the timeout or with
// ctx. Afterwards conn has no deadline.
func within(ctx context.Context, conn net.Conn, timeout time.Duration, f func() error) error {
	_ = conn.SetDeadline(time.Now().Add(timeout))
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = conn.SetDeadline(time.Unix(1, 0))
	})
	err := f()
	if !stop() {
		<-ended // or a late deadline would meet the next call
	}
	_ = conn.SetDeadline(time.Time{})
	return err
}

// died says how the process ended, if it did, and what it had to say. err is what the
// other end of its socket noticed.
func (p *process) died(err error) error {
	select {
	case <-p.dead:
	case <-time.After(time.Second):
		return err
	}
	how := "it ended"
	if p.ended != nil {
		how = p.ended.Error()
	}
	if last := p.output.last(); last != "" {
		how += ": " + last
	}
	return fmt.Errorf("the worker process died: %s: %w", how, engine.ErrDied)
}

// kill ends the process, whatever it hangs in. The kernel gives the device back.
func (p *process) kill() {
	shared.Lock()
	p.ending = true // nobody may join any more
	shared.Unlock()
	_ = p.cmd.Process.Kill()
}

// end waits for a process whose control socket is closed.
func (p *process) end() {
	select {
	case <-p.dead:
	case <-time.After(endTimeout):
		p.kill()
		<-p.dead
	}
}

func socketPair() (ours *net.UnixConn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socket: %w", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "gocoral-session")
	if ours, err = unixConn(fds[0]); err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// unixConn takes the descriptor over.
func unixConn(fd int) (*net.UnixConn, error) {
	file := os.NewFile(uintptr(fd), "gocoral-socket")
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		conn.Close()
		return nil, fmt.Errorf("socket of type %T: %w", conn, errs.ErrPlatform)
	}
	return unixConn, nil
}

func isSocket(fd int) bool {
	var stat unix.Stat_t
	return unix.Fstat(fd, &stat) == nil && stat.Mode&unix.S_IFMT == unix.S_IFSOCK
}
