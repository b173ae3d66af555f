package edgetputest_test

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
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/internal/libedgetpu"
	"github.com/gocoral/coral/tflite"
)

// The variables that tell a helper what to work on, as the simulation's own tell it
// where.
const (
	cpuVar    = "EDGETPUTEST_CPU"
	tpuVar    = "EDGETPUTEST_TPU"
	deviceVar = "EDGETPUTEST_DEVICE"
)

// helpers run in a process of their own, because it may not live through them.
var helpers = map[string]func() error{
	// Gives the library's delegate to the runtime as it is.
	"without adapter": func() error {
		lib, err := libedgetpu.Open(os.Getenv("CORAL_EDGETPU_LIB"))
		if err != nil {
			return err
		}
		d := rawDelegate{lib.Create(libedgetpu.Entry{Type: libedgetpu.PCIe, Path: os.Getenv(deviceVar)}, nil), lib}
		return compareWithTwin(d)
	},

	// Runs one inference after the other, for ever, and tells of each.
	"infer": func() error {
		d, err := open(os.Getenv(deviceVar))
		if err != nil {
			return err
		}
		i, err := newInterpreter(mustRead(os.Getenv(tpuVar)), d)
		if err != nil {
			return err
		}
		for n := 1; ; n++ {
			if err := i.Invoke(context.Background()); err != nil {
				return err
			}
			fmt.Println("inference", n)
		}
	},

	// Opens the device and keeps it until standard input ends.
	"hold": func() error {
		d, err := open(os.Getenv(deviceVar))
		if err != nil {
			return err
		}
		defer d.Delete()
		fmt.Println("holding")
		_, err = io.Copy(io.Discard, os.Stdin)
		return err
	},
}

type rawDelegate struct {
	ptr unsafe.Pointer
	lib *libedgetpu.Library
}

func (d rawDelegate) Ptr() unsafe.Pointer { return d.ptr }
func (d rawDelegate) Delete()             { d.lib.Free(d.ptr) }

// compareWithTwin is requireSame for a helper, on zeros.
func compareWithTwin(d delegate.Delegate) error {
	var results [2][]tflite.Value
	for k, path := range []string{os.Getenv(cpuVar), os.Getenv(tpuVar)} {
		i, err := newInterpreter(mustRead(path), []delegate.Delegate{d}[:k]...)
		if err != nil {
			return err
		}
		defer i.Close() //nolint:gocritic // both, at the end
		if err := i.Invoke(context.Background()); err != nil {
			return err
		}
		for n := range i.OutputCount() {
			out, err := i.Output(n)
			if err != nil {
				return err
			}
			v, err := out.Value()
			if err != nil {
				return err
			}
			results[k] = append(results[k], v)
		}
	}
	for n := range results[0] {
		if !reflect.DeepEqual(results[0][n].Data, results[1][n].Data) {
			return errors.New("another result than the twin's")
		}
	}
	return nil
}

func mustRead(path string) []byte {
	b, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return b
}

// child is a helper in a process of its own.
type child struct {
	*exec.Cmd
	stdin  io.Closer
	lines  *bufio.Scanner // of its standard output
	stderr bytes.Buffer
}

// startChild starts a helper that works on a device and on two models.
func startChild(t *testing.T, helper, device string, cpu, tpu []byte) *child {
	t.Helper()
	dir := t.TempDir()
	paths := map[string][]byte{cpuVar: cpu, tpuVar: tpu}
	self, err := os.Executable()
	require.NoError(t, err)
	c := &child{Cmd: exec.CommandContext(t.Context(), self)}
	c.Env = append(os.Environ(), helperVar+"="+helper, deviceVar+"="+device,
		"GORACE=atexit_sleep_ms=0", "GOTRACEBACK=none")
	for name, b := range paths {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, b, 0o600))
		c.Env = append(c.Env, name+"="+path)
	}
	c.Stderr = &c.stderr
	stdin, err := c.StdinPipe()
	require.NoError(t, err)
	stdout, err := c.StdoutPipe()
	require.NoError(t, err)
	c.stdin, c.lines = stdin, bufio.NewScanner(stdout)
	c.WaitDelay = 5 * time.Second
	require.NoError(t, c.Start())
	t.Cleanup(func() { c.Process.Kill() })
	return c
}

// waitFor reads the output up to a line that begins so.
func (c *child) waitFor(t *testing.T, prefix string) {
	t.Helper()
	for c.lines.Scan() {
		if strings.HasPrefix(c.lines.Text(), prefix) {
			return
		}
	}
	t.Fatalf("the child ended without %q: %s", prefix, c.stderr.String())
}

// finish waits for the end and returns the last line of the output.
func (c *child) finish() (last string, err error) {
	for c.lines.Scan() {
		last = c.lines.Text()
	}
	return last, c.Wait()
}
