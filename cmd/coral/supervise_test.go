//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/tflite"
)

// process is the command as a user has it: a process, with the child that it starts.
type process struct {
	*exec.Cmd
	t      *testing.T
	stdout bytes.Buffer
	stderr *bufio.Reader
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	needRuntime(t)
	self, err := os.Executable()
	require.NoError(t, err)
	p := &process{Cmd: exec.CommandContext(t.Context(), self, args...), t: t}
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a shell does
	p.Stdout = &p.stdout
	stderr, err := p.StderrPipe()
	require.NoError(t, err)
	p.stderr = bufio.NewReader(stderr)
	require.NoError(t, p.Start())
	return p
}

// await reads standard error up to a line that says so.
func (p *process) await(says string) {
	p.t.Helper()
	for {
		line, err := p.stderr.ReadString('\n')
		require.NoError(p.t, err, line)
		if strings.Contains(line, says) {
			return
		}
	}
}

// end returns the last line of standard error, and the exit status.
func (p *process) end() (last string, status int) {
	p.t.Helper()
	rest, err := io.ReadAll(p.stderr)
	require.NoError(p.t, err)
	_ = p.Wait() // the status is looked at
	lines := strings.SplitAfter(string(rest), "\n")
	return strings.Join(lines[max(0, len(lines)-2):], ""), p.ProcessState.ExitCode()
}

// child waits for the process that does the work; Go starts others, to try what the kernel
// can do.
func (p *process) child() (pid int) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		files, err := filepath.Glob("/proc/[0-9]*/stat")
		require.NoError(p.t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				continue // it has ended
			}
			fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // state, parent, …
			command, err := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
			if err != nil || !bytes.Contains(command, []byte("\x00"+childArgument+"\x00")) {
				continue
			}
			if len(fields) > 1 && fields[1] == strconv.Itoa(p.Process.Pid) {
				pid, err = strconv.Atoi(strings.Split(file, "/")[2])
				require.NoError(p.t, err)
				return true
			}
		}
		return false
	}, time.Minute, 5*time.Millisecond)
	return pid
}

func gone(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(text), ") Z ") // a zombie has ended, too
}

// endless is a measurement that goes on until it is stopped.
func endless(t *testing.T, more ...string) *process {
	t.Helper()
	return start(t, append([]string{"bench", testModel("tiny_float"), "--device", "cpu", "--runs", "10000000", "--json"}, more...)...)
}

// A crash of the child is one line, and no wrong usage.
func TestCrashIsOneLine(t *testing.T) {
	t.Parallel()
	for signal, says := range map[syscall.Signal]string{
		syscall.SIGSEGV: "running the model crashed TensorFlow Lite (SIGSEGV)",
		syscall.SIGABRT: "running the model crashed TensorFlow Lite (SIGABRT)",
		syscall.SIGILL:  "an instruction that this CPU does not have (SIGILL)",
		syscall.SIGKILL: "was killed (SIGKILL)",
	} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			p := endless(t)
			require.NoError(t, syscall.Kill(p.child(), signal))
			all, err := io.ReadAll(p.stderr)
			require.NoError(t, err)
			require.Error(t, p.Wait())
			assert.Equal(t, statusFailed, p.ProcessState.ExitCode())
			requireLine(t, string(all))
			assert.Contains(t, string(all), says)
		})
	}
}

// With --verbose what native code has printed is there, for those who want to mend it.
func TestCrashReportIsShownToWhoWantsIt(t *testing.T) {
	t.Parallel()
	p := endless(t, "--verbose")
	p.await("measuring")
	require.NoError(t, syscall.Kill(p.child(), syscall.SIGSEGV))
	p.await("SIGSEGV: segmentation violation")
	_, status := p.end()
	assert.Equal(t, statusFailed, status)
}

// An interrupt reaches the command once, whether a terminal sends it to parent and child
// or somebody to the parent alone, and ends both. The figures so far are printed.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(p *process) error{
		"of a terminal": func(p *process) error { return syscall.Kill(-p.Process.Pid, syscall.SIGINT) },
		"of the parent": func(p *process) error { return p.Process.Signal(syscall.SIGINT) },
		"by SIGTERM":    func(p *process) error { return p.Process.Signal(syscall.SIGTERM) },
		"of timeout(1)": func(p *process) error { // to the process, and to its group
			return errors.Join(p.Process.Signal(syscall.SIGTERM), syscall.Kill(-p.Process.Pid, syscall.SIGTERM))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := endless(t, "--verbose")
			p.await("measuring")
			child := p.child()
			require.NoError(t, send(p))
			last, status := p.end()
			assert.Equal(t, statusFailed, status)
			assert.Equal(t, "coral: interrupted\n", last)
			assert.True(t, gone(child))
			var out benchOutput
			decode(t, p.stdout.String(), &out)
			assert.Positive(t, out.Runs)
			assert.Less(t, out.Runs, 10000000)
			assert.Positive(t, out.P50)
		})
	}
}

func TestChildEndsWithItsParent(t *testing.T) {
	t.Parallel()
	p := endless(t, "--verbose")
	p.await("measuring")
	child := p.child()
	require.NoError(t, p.Process.Kill())
	assert.Eventually(t, func() bool { return gone(child) }, time.Minute, 5*time.Millisecond)
	p.end()
}

// What the child prints, reads and returns is the command's.
func TestChildStandsForTheCommand(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	self, err := os.Executable()
	require.NoError(t, err)
	run := func(stdin []byte, args ...string) (stdout, stderr string, status int) {
		var out, complaints bytes.Buffer
		cmd := exec.CommandContext(t.Context(), self, args...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &complaints
		_ = cmd.Run() // the status is returned
		return out.String(), complaints.String(), cmd.ProcessState.ExitCode()
	}
	for _, more := range [][]string{nil, {"--in-process"}} {
		stdout, _, status := run(pngBytes(t, 8, 8), append([]string{"classify", "-m", testModel("tiny_float"), "--json", "-"}, more...)...)
		assert.Zero(t, status)
		assert.Len(t, classesOf(t, stdout).Classes, 4)

		_, stderr, status := run(nil, append([]string{"run", "missing.tflite"}, more...)...)
		assert.Equal(t, statusFailed, status)
		requireLine(t, stderr)
		_, stderr, status = run(nil, append([]string{"run", testModel("add"), "--input", "a"}, more...)...)
		assert.Equal(t, statusUsage, status)
		requireLine(t, stderr)
	}
	_, stderr, _ := run(nil, "bench", testModel("add"), "--runs", "1")
	assert.Empty(t, stderr, "what TensorFlow Lite prints is for --verbose")
}

// A reader that has seen enough is no crash.
func TestBrokenPipe(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	self, err := os.Executable()
	require.NoError(t, err)
	reading, writing, err := os.Pipe()
	require.NoError(t, err)
	reading.Close()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), self, "bench", testModel("add"), "--runs", "1")
	cmd.Stdout, cmd.Stderr = writing, &stderr
	require.Error(t, cmd.Run())
	writing.Close()
	assert.Equal(t, 128+int(syscall.SIGPIPE), cmd.ProcessState.ExitCode())
	assert.Empty(t, stderr.String())
}

func TestDescribeCrash(t *testing.T) {
	t.Parallel()
	ended := func(script string) *os.ProcessState {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
		_ = cmd.Run()
		return cmd.ProcessState
	}
	goCrash, native, quiet := ended("exit 2"), ended("kill -ABRT $$"), ended("exit 0")
	for name, c := range map[string]struct {
		state         *os.ProcessState
		printed, says string
	}{
		"in C":             {goCrash, "INFO: hello\nSIGSEGV: segmentation violation\nPC=0x0\n\ngoroutine 1\n", "(SIGSEGV):"},
		"on a thread of C": {goCrash, "fatal error: unexpected signal during runtime execution\n[signal SIGBUS: bus error]\n", "(SIGBUS):"},
		"with last words":  {goCrash, "double free or corruption\nINFO: x\n\nSIGABRT: abort\n", "(SIGABRT: double free or corruption)"},
		"without Go":       {native, "", "(SIGABRT):"},
		"out of memory":    {goCrash, "terminate called after throwing an instance of 'std::bad_alloc'\nSIGABRT: abort\n", "memory of this machine does not suffice"},
		"out of Go memory": {goCrash, "fatal error: runtime: out of memory\n", "memory of this machine does not suffice"},
		"a bug in Go":      {goCrash, "panic: runtime error: index out of range [1]\n[signal SIGSEGV]\n", "internal error, please report"},
		"exit":             {quiet, "", "(exit status 0)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := describeCrash(c.state, c.printed)
			assert.Contains(t, text, c.says)
			assert.NotContains(t, text, "\n")
		})
	}
}

// countdown is a context that ends when it was asked so often.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestMeasureUntilInterrupted(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	s, err := coral.Open(testModel("add"), coral.WithPolicy(coral.CPUOnly))
	require.NoError(t, err)
	defer s.Close()
	a := newApp(nil, io.Discard, io.Discard)
	f := &benchFlags{runs: intFlag{value: 100}}
	var m measurement
	measure := func(ctx context.Context) error {
		return s.Do(t.Context(), func(i *tflite.Interpreter) (err error) {
			m, err = a.measure(ctx, f, i)
			return err
		})
	}
	require.NoError(t, measure(&countdown{t.Context(), 50}))
	assert.NotEmpty(t, m.times)
	assert.Less(t, len(m.times), 100)
	require.ErrorIs(t, measure(&countdown{t.Context(), 0}), context.Canceled)
	require.NoError(t, measure(t.Context()))
	assert.Len(t, m.times, 100)
}

// The worker process of a USB accelerator, a child's child, ends with the command.
func TestInterruptEndsWorkers(t *testing.T) {
	needRuntime(t)
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	_, tpuModel := compiledPair(t)
	for name, end := range map[string]func(p *process) error{
		"interrupted": func(p *process) error { return syscall.Kill(-p.Process.Pid, syscall.SIGINT) },
		"killed":      func(p *process) error { return p.Process.Kill() },
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, "bench", tpuModel, "--device", "usb", "--runs", "10000000", "--verbose")
			p.await("measuring")
			owner := sim.Stats("2-1").Owner
			require.NotZero(t, owner)
			assert.NotEqual(t, p.child(), owner, "there is a worker process")
			require.NoError(t, end(p))
			_, status := p.end()
			assert.NotZero(t, status)
			assert.Eventually(t, func() bool { return gone(owner) }, time.Minute, 5*time.Millisecond)
		})
	}
}
