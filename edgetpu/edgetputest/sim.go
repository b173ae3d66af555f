package edgetputest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Sim is a running simulation. Its methods may be called at the same time, and from
// any goroutine.
//
// Those that change something return no error: with [New] a failure fails the test,
// and with [Start] the first one is kept for [Sim.Err] and [Sim.Close]. Devices are
// named as to [USB] ("2-1") or as the kernel and libedgetpu do ("apex_0",
// "/dev/apex_0", "/sys/bus/usb/devices/2-1").
type Sim struct {
	dir     string
	machine machine
	control *control
	devices []*simDevice
	report  func(error) // of the test; nil with Start

	mu      sync.Mutex
	err     error
	env     func() // undoes Setenv
	closed  bool
	devnums map[uint32]uint32 // the last one given out on each bus

	stop chan struct{}
	done chan struct{}
}

// simDevice is a device as the machine shows it.
type simDevice struct {
	Device
	*deviceControl
	claims

	mu       sync.Mutex
	plugged  bool
	claimant *claimant // another program that has claimed it
}

// New starts a simulation for a test, and points the environment at it: UMOCKDEV_DIR,
// which edgetpu.Probe reads, and CORAL_EDGETPU_LIB, which edgetpu.Load reads. All of
// it ends with the test.
//
// Since it sets environment variables, it cannot be used in a test that calls
// t.Parallel; such a test can use [Start] with [Sim.Root] and [Sim.Library].
//
// Without a C compiler the test is skipped, or fails where CI=true.
func New(t testing.TB, opts ...Option) *Sim {
	t.Helper()
	s, err := Start(opts...)
	switch {
	case errors.Is(err, errNoBuild) && os.Getenv("CI") != "true":
		t.Skip(err)
	case err != nil:
		t.Fatalf("edgetputest: %v", err)
	}
	s.report = func(err error) {
		t.Helper()
		t.Errorf("edgetputest: %v", err)
	}
	for _, pair := range s.Env() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	t.Cleanup(func() {
		if n := s.Misuses(); n > 0 {
			t.Errorf("edgetputest: libedgetpu was used %d times in a way that is undefined behaviour in Google's: see standard error", n)
		}
		s.Close()
	})
	return s
}

// Start starts a simulation. It changes nothing outside its own temporary folder:
// [Sim.Env], [Sim.Setenv], [Sim.Root] and [Sim.Library] tell how to use it. Close it
// in the end.
//
// The error wraps [ErrPlatform] on Windows.
func Start(opts ...Option) (*Sim, error) {
	if !supported {
		return nil, fmt.Errorf("edgetputest: the simulation needs a POSIX system: %w", ErrPlatform)
	}
	c, err := newConfig(opts)
	if err != nil {
		return nil, fmt.Errorf("edgetputest: %w", err)
	}
	code, err := library()
	if err != nil {
		return nil, fmt.Errorf("edgetputest: %w", err)
	}
	dir, err := os.MkdirTemp("", "edgetpu-simulation")
	if err != nil {
		return nil, fmt.Errorf("edgetputest: %w", err)
	}
	s, err := start(dir, code, c)
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("edgetputest: %w", err)
	}
	return s, nil
}

// The names in the folder of a simulation; the library knows them, too.
const (
	libraryFile  = "libedgetpu_sim.so"
	controlFile  = "control"
	rootFolder   = "root"
	modelsFolder = "models"
	locksFolder  = "locks"
)

func start(dir string, code []byte, c *config) (*Sim, error) {
	// The library looks for everything beside itself, by its real name.
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{rootFolder, modelsFolder, locksFolder} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return nil, err
		}
	}
	m, err := newMachine(filepath.Join(dir, rootFolder))
	if err != nil {
		return nil, err
	}
	mem, err := mapFile(filepath.Join(dir, controlFile), controlSize)
	if err != nil {
		return nil, err
	}
	// A copy, and not a link: the loader takes two names of one file for the same
	// library, and each simulation is to have its own.
	if err := writeAtomically(filepath.Join(dir, libraryFile), code, 0o755); err != nil {
		return nil, err
	}
	s := &Sim{dir: dir, machine: m, control: newControl(mem, c), devnums: make(map[uint32]uint32), stop: make(chan struct{}), done: make(chan struct{})}
	for i, d := range c.devices {
		claims, err := newClaims(filepath.Join(dir, locksFolder, strconv.Itoa(i)))
		if err != nil {
			return nil, err
		}
		s.devices = append(s.devices, &simDevice{Device: d, deviceControl: &s.control.devices[i], claims: claims})
		if !d.absent {
			if err := s.plug(s.devices[i], d.ready); err != nil {
				return nil, err
			}
		}
	}
	go s.run()
	return s, nil
}

// Library is the path of the simulated libedgetpu, for edgetpu.Load.
func (s *Sim) Library() string { return filepath.Join(s.dir, libraryFile) }

// Root is the folder with the made-up sys and dev, for edgetpu.WithRoot.
func (s *Sim) Root() string { return string(s.machine) }

// Env returns the environment variables that point a program at the simulation, as
// NAME=VALUE, for [os/exec.Cmd.Env].
func (s *Sim) Env() []string {
	return []string{"UMOCKDEV_DIR=" + s.Root(), "CORAL_EDGETPU_LIB=" + s.Library()}
}

// Setenv sets [Sim.Env] in this process until the simulation is closed. It is for
// programs; [New] does it for tests.
func (s *Sim) Setenv() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.env != nil {
		return nil
	}
	var undo []func()
	for _, pair := range s.Env() {
		name, value, _ := strings.Cut(pair, "=")
		old, was := os.LookupEnv(name)
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("edgetputest: %w", err)
		}
		undo = append(undo, func() {
			if was {
				_ = os.Setenv(name, old) // was accepted before
			} else {
				os.Unsetenv(name)
			}
		})
	}
	s.env = func() {
		for _, f := range undo {
			f()
		}
	}
	return nil
}

// fail reports an error, and keeps the first.
func (s *Sim) fail(err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	if s.err == nil {
		s.err = fmt.Errorf("edgetputest: %w", err)
	}
	report := s.report
	if s.closed {
		report = nil // the test may be over
	}
	s.mu.Unlock()
	if report != nil {
		report(err)
	}
}

// Err is the first error of a method that returns none.
func (s *Sim) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Misuses counts calls into the library that are undefined behaviour in Google's, and
// have no effect here: a delegate that is freed before its interpreters. Each prints a
// line on standard error.
func (s *Sim) Misuses() int { return int(s.control.misuses.Load()) }

// Verbosity is what was last set with edgetpu_verbosity.
func (s *Sim) Verbosity() int { return int(s.control.verbosity.Load()) }

// Close ends the simulation: the devices are gone, an inference that hangs fails, and
// the folder is removed. It returns [Sim.Err]. The library stays loaded, as libraries
// do, and delegates may still be given back. Closing twice does nothing.
func (s *Sim) Close() error {
	s.mu.Lock()
	closed, restoreEnv := s.closed, s.env
	s.closed = true
	s.mu.Unlock()
	if closed {
		return s.Err()
	}
	s.control.closed.Store(1)
	close(s.stop)
	<-s.done
	if restoreEnv != nil {
		restoreEnv()
	}
	for _, d := range s.devices {
		if d.claimant != nil {
			d.endClaim()
		}
		d.close()
	}
	if err := os.RemoveAll(s.dir); err != nil {
		s.fail(err)
	}
	return s.Err()
}

// run plays the kernel: it shows what the library did to the devices.
func (s *Sim) run() {
	defer close(s.done)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		for _, d := range s.devices {
			s.fail(s.attend(d))
		}
	}
}

// attend does what a kernel would about one device.
func (s *Sim) attend(d *simDevice) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.plugged && d.present.Load() == 0 { // the library pulled it: Unplugs
		return s.unplug(d)
	}
	if d.reEnumerate.Load() != 0 {
		defer d.reEnumerate.Store(0)
		if d.plugged {
			if err := s.reEnumerate(d); err != nil {
				return err
			}
		}
	}
	d.buryOwner()
	if d.claimant != nil && d.deviceControl.claimant.Load() == 0 { // a reset took the device from it
		d.claimant.kill()
		d.claimant = nil
	}
	return s.show(d)
}

// show makes sysfs tell who has the device.
func (s *Sim) show(d *simDevice) error {
	pid := d.owner.Load()
	if d.claimant != nil {
		pid = d.claimant.pid()
	}
	if !d.plugged || pid == d.shown.Load() {
		return nil
	}
	defer d.shown.Store(pid)
	if d.typ() == typePCIe {
		return s.machine.own(d.Device, pid)
	}
	return s.machine.claim(d.Device, pid != 0)
}

// buryOwner notices that the process that had the device open has ended without
// telling.
func (d *simDevice) buryOwner() {
	pid := d.owner.Load()
	if pid == 0 || pid == uint32(os.Getpid()) || d.holder() != 0 {
		return
	}
	d.executing.CompareAndSwap(pid, 0)
	d.owner.CompareAndSwap(pid, 0)
	if next := d.holder(); next != 0 { // it was faster
		d.owner.CompareAndSwap(0, next)
	}
}

func (d *simDevice) typ() uint32 { return d.Device.typ }

// reEnumerate has a USB device leave the bus and come back with its firmware loaded.
func (s *Sim) reEnumerate(d *simDevice) error {
	if err := s.machine.unplugUSB(d.Device, int(d.devnum.Load())); err != nil {
		return err
	}
	d.devnum.Store(s.nextDevnum(d.deviceControl.bus))
	d.initialised.Store(1)
	d.shown.Store(0)
	return s.machine.plugUSB(d.Device, int(d.devnum.Load()), true)
}

// nextDevnum gives out the numbers of a bus as the kernel does, 2 to 127 in turn; 1 is
// the root hub.
func (s *Sim) nextDevnum(bus uint32) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.devnums[bus]
	taken := func(d *simDevice) bool {
		return d.deviceControl.bus == bus && d.present.Load() != 0 && d.devnum.Load() == n
	}
	for again := true; again; again = slices.ContainsFunc(s.devices, taken) {
		n = max(2, (n+1)%128)
	}
	s.devnums[bus] = n
	return n
}

// plug shows the device, and lets the library have it.
func (s *Sim) plug(d *simDevice, ready bool) error {
	var err error
	if d.typ() == typeUSB {
		d.devnum.Store(s.nextDevnum(d.deviceControl.bus))
		err = s.machine.plugUSB(d.Device, int(d.devnum.Load()), ready)
	} else {
		err = s.machine.plugPCIe(d.Device)
	}
	if err != nil {
		return err
	}
	d.initialised.Store(0)
	if ready {
		d.initialised.Store(1)
	}
	d.plugged = true
	d.shown.Store(0)
	d.generation.Add(1)
	d.present.Store(1)
	return nil
}

// unplug takes it away.
func (s *Sim) unplug(d *simDevice) error {
	if d.present.Swap(0) == 1 {
		d.generation.Add(1)
	}
	d.plugged = false
	d.executing.Store(0)
	if d.claimant != nil {
		d.endClaim()
	}
	if d.typ() == typeUSB {
		return s.machine.unplugUSB(d.Device, int(d.devnum.Load()))
	}
	return s.machine.unplugPCIe(d.Device)
}
