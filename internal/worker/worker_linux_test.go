package worker_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/internal/engine"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/worker"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

func spec(t testing.TB, name string) *engine.Spec {
	t.Helper()
	s, err := newSpec(filepath.Join("..", "..", "tflite", "testdata", name+".tflite"))
	require.NoError(t, err)
	return s
}

func newSpec(path string) (*engine.Spec, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return specOf(b)
}

func specOf(b []byte) (*engine.Spec, error) {
	m, err := model.Parse(b)
	return &engine.Spec{Model: b, Parsed: m, Threads: 1, XNNPACK: tflite.XNNPACKOff, Logger: slog.New(slog.DiscardHandler)}, err
}

func openCPU(t testing.TB, name string) engine.Engine {
	t.Helper()
	e, err := worker.Open(t.Context(), spec(t, name), edgetpu.Device{})
	require.NoError(t, err)
	t.Cleanup(e.Close)
	return e
}

// sum runs the stateful model, which adds up its inputs, on 1.
func sum(e engine.Engine) (float32, error) {
	b := make([]byte, 4)
	binary.NativeEndian.PutUint32(b, math.Float32bits(1))
	if err := e.Load([][]byte{b}); err != nil {
		return 0, err
	}
	if err := e.Invoke(); err != nil {
		return 0, err
	}
	err := e.Unload([][]byte{b})
	return math.Float32frombits(binary.NativeEndian.Uint32(b)), err
}

func TestEngine(t *testing.T) {
	e := openCPU(t, "stateful")
	assert.Equal(t, engine.Sizes{Inputs: []engine.Tensor{{Shape: []int{1, 1}, Bytes: 4}}, Outputs: []engine.Tensor{{Shape: []int{1, 1}, Bytes: 4}}}, e.Sizes())
	for k := range 3 {
		got, err := sum(e)
		require.NoError(t, err)
		require.InDelta(t, float32(k+1), got, 0)
	}
	require.NoError(t, e.Reset())
	got, err := sum(e)
	require.NoError(t, err)
	require.InDelta(t, 1, got, 0)
	require.ErrorIs(t, e.Load([][]byte{{1}}), errs.ErrSize)
	require.ErrorIs(t, e.Load(nil), errs.ErrSize)
	backend, how := e.Describe()
	assert.Equal(t, "built-in kernels", backend)
	assert.Regexp(t, `^in a worker process \(\d+\), by TensorFlow Lite`, how)
	e.Close()
	e.Close()
	require.ErrorIs(t, e.Load([][]byte{make([]byte, 4)}), errs.ErrClosed)
	require.Error(t, e.Invoke())
}

// Shapes are set where the tensors are allocated.
func TestShapes(t *testing.T) {
	s := spec(t, "add_dynamic")
	s.Shapes = map[int][]int{0: {2, 4}, 1: {2, 4}}
	e, err := worker.Open(t.Context(), s, edgetpu.Device{})
	require.NoError(t, err)
	defer e.Close()
	assert.Equal(t, []int{2, 4}, e.Sizes().Outputs[0].Shape)
	assert.Equal(t, 32, e.Sizes().Outputs[0].Bytes)
}

// pid is that of an engine's worker.
func pid(t *testing.T, e engine.Engine) int {
	t.Helper()
	_, how := e.Describe()
	m := regexp.MustCompile(`\((\d+)\)`).FindStringSubmatch(how)
	require.NotNil(t, m, how)
	n, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	return n
}

func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(b), ") Z ")
}

func ends(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool { return !alive(pid) }, 20*time.Second, 10*time.Millisecond, "process %d", pid)
}

// One worker serves all engines on a device: only one process can have it open.
func TestSharedWorker(t *testing.T) {
	edgetputest.New(t, edgetputest.USB("2-1"), edgetputest.PCIe(0))
	devices, err := edgetpu.Probe(t.Context())
	require.NoError(t, err)
	cpu, err := os.ReadFile("../../tflite/testdata/tiny_int8.tflite")
	require.NoError(t, err)
	open := func(d edgetpu.Device) engine.Engine {
		tpu, err := edgetputest.Compile(cpu)
		require.NoError(t, err)
		s, err := specOf(tpu)
		require.NoError(t, err)
		e, err := worker.Open(t.Context(), s, d)
		require.NoError(t, err)
		t.Cleanup(e.Close)
		return e
	}
	var engines [4]engine.Engine
	var wg sync.WaitGroup
	for k := range engines { // at the same time
		wg.Go(func() { engines[k] = open(devices[0]) })
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	other := open(devices[1])
	first := pid(t, engines[0])
	for _, e := range engines {
		assert.Equal(t, first, pid(t, e))
	}
	assert.NotEqual(t, first, pid(t, other), "another device has another worker")
	for _, e := range engines[1:] {
		e.Close()
	}
	require.NoError(t, engines[0].Invoke(), "the others' end is not this one's")
	engines[0].Close()
	ends(t, first)
	again := open(devices[0])
	assert.NotEqual(t, first, pid(t, again))
	require.NoError(t, again.Invoke())

	// What one engine hangs in, the others on the device do too.
	second := open(devices[0])
	require.True(t, again.Abandon())
	<-second.Gone()
	require.ErrorIs(t, second.Invoke(), engine.ErrDied)
	require.NoError(t, open(devices[0]).Invoke(), "a new worker has the device")
}

func TestWorkersThatAreNone(t *testing.T) {
	for mode, says := range map[string]string{
		"another version": "another version of this module",
		"ends":            "exit status 3: the disk is full",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Setenv(modeEnv, mode)
			worker.SetProven(false)
			_, err := worker.Open(t.Context(), spec(t, "stateful"), edgetpu.Device{})
			require.ErrorIs(t, err, worker.ErrNone)
			require.ErrorIs(t, err, errs.ErrPlatform)
			assert.ErrorContains(t, err, says)

			worker.SetProven(true) // then one can be had, and this is a passing failure
			_, err = worker.Open(t.Context(), spec(t, "stateful"), edgetpu.Device{})
			require.NotErrorIs(t, err, worker.ErrNone)
			require.ErrorIs(t, err, errs.ErrPlatform)
			assert.ErrorContains(t, err, says)
		})
	}
}

// A worker that somebody kills while it starts is started again.
func TestStartFailsOnce(t *testing.T) {
	t.Setenv(modeEnv, "ends once")
	t.Setenv(onceEnv, filepath.Join(t.TempDir(), "started"))
	worker.SetProven(false)
	e := openCPU(t, "stateful")
	_, err := sum(e)
	require.NoError(t, err)
}

// A program that happens to be called coral is not started.
func TestAnotherCoral(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "coral"), []byte("#!/bin/sh\nexit 0\n"), 0o700))
	t.Setenv("PATH", dir)
	worker.SetSelf(false)
	defer worker.SetSelf(true)
	_, err := worker.Command()
	require.ErrorIs(t, err, worker.ErrNone)
	assert.ErrorContains(t, err, "another program of that name")
	t.Setenv("PATH", t.TempDir())
	_, err = worker.Command()
	require.ErrorIs(t, err, worker.ErrNone)
	assert.ErrorContains(t, err, "WorkerMain")
}

// left counts what failed openings could leave behind.
func left(t *testing.T) (maps, descriptors int) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/maps")
	require.NoError(t, err)
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return strings.Count(string(b), "memfd:gocoral"), len(entries)
}

func TestFailedOpeningsLeaveNothing(t *testing.T) {
	bad := spec(t, "unresolved_op")
	limited := spec(t, "slow_conv")
	limited.Memory = 1 << 20
	maps, descriptors := left(t)
	for range 5 {
		_, err := worker.Open(t.Context(), bad, edgetpu.Device{})
		require.ErrorIs(t, err, errs.ErrUnresolvedOp)
		var e *tflite.Error
		require.ErrorAs(t, err, &e, "the error keeps its kind")
		_, err = worker.Open(t.Context(), limited, edgetpu.Device{})
		require.Error(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = worker.Open(ctx, spec(t, "stateful"), edgetpu.Device{})
		require.ErrorIs(t, err, context.Canceled)
	}
	require.Eventually(t, func() bool {
		m, d := left(t)
		return m == maps && d <= descriptors+2
	}, 20*time.Second, 50*time.Millisecond)
}

// A context that ends while a device is being opened ends the opening, and one that ends
// just then does no harm to an engine that is already there.
func TestCancelledOpenings(t *testing.T) {
	for k := range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Duration(k)*5*time.Millisecond, cancel)
		e, err := worker.Open(ctx, spec(t, "stateful"), edgetpu.Device{})
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
			continue
		}
		cancel()
		got, err := sum(e)
		require.NoError(t, err)
		require.InDelta(t, 1, got, 0)
		e.Close()
	}
}

// Ctrl-C is for the program, which closes its sessions.
func TestProcessGroup(t *testing.T) {
	group, err := syscall.Getpgid(pid(t, openCPU(t, "stateful")))
	require.NoError(t, err)
	assert.NotEqual(t, syscall.Getpgrp(), group)
}

// Whatever a worker has started may hold its standard error.
func TestGrandchild(t *testing.T) {
	t.Setenv(modeEnv, "grandchild")
	e := openCPU(t, "stateful")
	require.NoError(t, syscall.Kill(pid(t, e), syscall.SIGKILL))
	select {
	case <-e.Gone():
	case <-time.After(20 * time.Second):
		require.Fail(t, "the death is not noticed")
	}
	require.ErrorIs(t, e.Invoke(), engine.ErrDied)

	e = openCPU(t, "stateful")
	closed := make(chan struct{})
	go func() {
		e.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(20 * time.Second):
		require.Fail(t, "Close does not return")
	}
}

func TestLastWords(t *testing.T) {
	t.Setenv(modeEnv, "panic")
	e := openCPU(t, "stateful")
	<-e.Gone()
	err := e.Invoke()
	require.ErrorIs(t, err, engine.ErrDied)
	assert.ErrorContains(t, err, "usb_driver.cc:1148", "the driver's words, and not the end of Go's report")
}

// parent is the program of TestStoppedWorker: it starts a worker and waits to be killed.
func parent() int {
	_ = os.Unsetenv(modeEnv)
	worker.Allow()
	s, err := newSpec("../../tflite/testdata/stateful.tflite")
	if err == nil {
		var e engine.Engine
		if e, err = worker.Open(context.Background(), s, edgetpu.Device{}); err == nil {
			_, how := e.Describe()
			fmt.Println(how)
			time.Sleep(time.Minute)
		}
	}
	fmt.Println(err)
	return 1
}

// A worker that cannot see the end of its socket ends with the program all the same.
func TestStoppedWorker(t *testing.T) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), modeEnv+"=parent")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	m := regexp.MustCompile(`\((\d+)\)`).FindStringSubmatch(line)
	require.NotNil(t, m, line)
	n, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(n, syscall.SIGSTOP))
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	ends(t, n)
}

// An engine that is closed while somebody uses its memory is a clear error.
func TestCloseWhileInUse(t *testing.T) {
	e := openCPU(t, "stateful")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				if err := e.Load([][]byte{make([]byte, 4)}); err != nil {
					assert.ErrorIs(t, err, errs.ErrClosed)
					return
				}
			}
		})
	}
	e.Close()
	wg.Wait()
}

func TestMemoryLimitHoldsHereToo(t *testing.T) {
	s := spec(t, "add_dynamic")
	s.Shapes = map[int][]int{0: {1 << 22, 4}, 1: {1 << 22, 4}} // 64 MiB each
	s.Memory = 1 << 30
	e, err := worker.Open(t.Context(), s, edgetpu.Device{})
	require.NoError(t, err)
	e.Close()
	s.Memory = 190 << 20 // enough for no more than two of the three tensors
	_, err = worker.Open(t.Context(), s, edgetpu.Device{})
	require.Error(t, err)
}

func TestErrorsAcrossTheSocket(t *testing.T) {
	inner := fmt.Errorf("input 0: 4 bytes given, 8 wanted: %w", errs.ErrSize)
	err := worker.Across(fmt.Errorf("opening: %w", &tflite.Error{Op: "invoke", Status: tflite.StatusUnresolvedOps, Detail: "no such operator", Err: inner}))
	assert.Equal(t, "opening: tflite: invoke: input 0: 4 bytes given, 8 wanted: wrong size: no such operator", err.Error())
	require.ErrorIs(t, err, errs.ErrSize)
	require.NotErrorIs(t, err, errs.ErrType)
	e, ok := errors.AsType[*tflite.Error](err)
	require.True(t, ok)
	assert.Equal(t, "invoke", e.Op)
	assert.Equal(t, tflite.StatusUnresolvedOps, e.Status)
	assert.Equal(t, "no such operator", e.Detail)
	assert.Equal(t, tflite.StatusUnresolvedOps, tflite.StatusOf(err))
	require.ErrorIs(t, e, errs.ErrSize)

	err = worker.Across(fmt.Errorf("opening: %w", edgetpu.ErrRuntimeStuck))
	require.ErrorIs(t, err, edgetpu.ErrRuntimeStuck)
	require.ErrorIs(t, worker.Across(errs.ErrPermission), os.ErrPermission, "and the standard library's")
}

func TestLastWordsOf(t *testing.T) {
	for printed, want := range map[string]string{
		"": "",
		"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n":                                                             "",
		"F usb_driver.cc:1148 transfer in failed\nSIGABRT: abort\nPC=0x7f\n\nrax 0x0\ngs 0x0\n":                                 "F usb_driver.cc:1148 transfer in failed",
		"SIGSEGV: segmentation violation\nPC=0x7f m=0\n\ngoroutine 0 [idle]:\ngs 0x0\n":                                         "SIGSEGV: segmentation violation",
		"fatal error: runtime: out of memory\n\ngoroutine 1 [running]:\n":                                                       "fatal error: runtime: out of memory",
		"terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\nSIGABRT: abort\nrip 0x1\n": "what():  std::bad_alloc",
		"unfinished": "unfinished",
		strings.Repeat("x", 1<<20) + "\nSIGABRT: abort\n" + strings.Repeat("gs 0x0\n", 1<<16): strings.Repeat("x", 512),
	} {
		assert.Equal(t, want, worker.LastWords(printed))
	}
	assert.Len(t, worker.Messages(), 16)
}

// A set-uid program is no worker: it would run what the other end names with its rights.
func TestWorkerWithMoreRightsThanItsUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can make a set-uid program of another user")
	}
	if info, err := tflite.Runtime(); err == nil && info.Source == tflite.SourceLinked {
		t.Skip("the linked library may lie where another user cannot read")
	}
	dir := t.TempDir()
	for _, folder := range []string{dir, filepath.Dir(dir)} {
		require.NoError(t, os.Chmod(folder, 0o755), "another user looks into it")
	}
	program := filepath.Join(dir, "worker")
	content, err := os.ReadFile("/proc/self/exe")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(program, content, 0o755))
	const owner, user = 65533, 65532
	require.NoError(t, os.Chown(program, owner, owner))
	require.NoError(t, os.Chmod(program, 0o755|os.ModeSetuid))

	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	defer ours.Close()
	defer theirs.Close()
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Dir = "/"
	cmd.Env = []string{"GOCORAL_WORKER=1"}
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, fs.ErrPermission) {
		t.Skipf("%s is mounted nosuid or noexec", dir)
	}
	require.Error(t, err)
	assert.Contains(t, string(out), "has more rights than its user")
}
