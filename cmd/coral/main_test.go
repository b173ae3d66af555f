package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/tflite"
)

// asCoral makes the test binary be the command itself, for tests that need a process.
const asCoral = "CORAL_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	coral.WorkerMain()
	if os.Getenv(asCoral) != "" {
		main()
	}
	// What the commands start is this binary: the command as well.
	for name, value := range map[string]string{asCoral: "1", "GORACE": "atexit_sleep_ms=0"} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// result is what a call of the command did.
type result struct {
	status         int
	stdout, stderr string
}

func coralCommand(t *testing.T, args ...string) result {
	t.Helper()
	return coralReading(t, strings.NewReader(""), args...)
}

func coralReading(t *testing.T, stdin io.Reader, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(args, stdin, &stdout, &stderr)
	return result{status, stdout.String(), stderr.String()}
}

// succeeded returns the standard output of a call that has to succeed in silence.
func succeeded(t *testing.T, args ...string) string {
	t.Helper()
	r := coralCommand(t, args...)
	require.Zero(t, r.status, r.stderr)
	require.Empty(t, r.stderr)
	return r.stdout
}

// failed makes sure of the exit status and of one line on standard error, and returns
// that line.
func failed(t *testing.T, status int, args ...string) string {
	t.Helper()
	r := coralCommand(t, args...)
	require.Equal(t, status, r.status, r.stderr)
	requireLine(t, r.stderr)
	return r.stderr
}

func requireLine(t *testing.T, stderr string) {
	t.Helper()
	require.Equal(t, 1, strings.Count(stderr, "\n"), "%q", stderr)
	require.True(t, strings.HasPrefix(stderr, "coral: ") && strings.HasSuffix(stderr, "\n"), "%q", stderr)
	require.NotContains(t, strings.TrimPrefix(stderr, "coral: "), "coral: ", "the library's prefix has to go")
	require.NotContains(t, stderr, "goroutine")
}

// decode reads one line of JSON.
func decode(t *testing.T, line string, into any) {
	t.Helper()
	require.Equal(t, 1, strings.Count(line, "\n"), "one object a line: %q", line)
	d := json.NewDecoder(strings.NewReader(line))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(into), line)
}

// testModel is the path of one of package tflite's models.
func testModel(name string) string {
	return filepath.Join("..", "..", "tflite", "testdata", filepath.FromSlash(name)+".tflite")
}

// needRuntime skips what runs a model in a build without cgo.
func needRuntime(t *testing.T) {
	t.Helper()
	_, err := tflite.Runtime()
	if errors.Is(err, tflite.ErrCgoRequired) {
		t.Skip("needs TensorFlow Lite: built with CGO_ENABLED=0")
	}
	require.NoError(t, err)
}

// write makes a file in a temporary folder.
func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, content, 0o644))
	return path
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	model := testModel("add")
	tests := map[string]struct {
		args []string
		says string
	}{
		"unknown command":      {[]string{"inspekt"}, `unknown command "inspekt"`},
		"a suggestion":         {[]string{"inspekt"}, "did you mean inspect"},
		"unknown topic":        {[]string{"help", "nothing"}, `unknown command "nothing"`},
		"unknown subtopic":     {[]string{"help", "run", "nothing"}, `unknown help topic "nothing"`},
		"unknown shell":        {[]string{"completion", "tcsh"}, `unknown command "tcsh"`},
		"no shell":             {[]string{"completion"}, "bash"},
		"unknown flag":         {[]string{"devices", "--fast"}, "unknown flag: --fast; run coral devices --help"},
		"unknown short flag":   {[]string{"run", "-x"}, "unknown flag: -x; run coral run --help"},
		"no value":             {[]string{"bench", "-m"}, "-m needs a value; run"},
		"too much":             {[]string{"version", "2"}, `unexpected argument "2"; run coral version --help`},
		"no model":             {[]string{"bench"}, "no MODEL given: name it, or give it with -m; run coral bench --help"},
		"two models":           {[]string{"bench", "-m", model, "other.tflite"}, "two models given"},
		"three models":         {[]string{"run", model, "other.tflite"}, `unexpected argument "other.tflite"`},
		"two folders":          {[]string{"fetch-runtime", "--root", "a", "--into", "b"}, "--root and --into exclude each other; run coral fetch-runtime --help"},
		"empty folder":         {[]string{"fetch-runtime", "--into", ""}, "--into \"\": give a name"},
		"word to fetch":        {[]string{"fetch-runtime", "2.9.0"}, `unexpected argument "2.9.0"`},
		"no truth":             {[]string{"version", "--json=maybe"}, `--json "maybe": give true or false; run`},
		"clock":                {[]string{"bench", model, "--clock", "fast"}, "give one of low, medium, high, max"},
		"timeout":              {[]string{"bench", model, "--tpu-timeout", "-1s"}, "such as 500ms"},
		"size":                 {[]string{"bench", model, "--max-tensor", "much"}, "such as 512M"},
		"contradiction":        {[]string{"bench", model, "--isolated", "--in-process"}, "--isolated and --in-process exclude each other"},
		"nothing to inspect":   {[]string{"inspect"}, "no MODEL given"},
		"no picture":           {[]string{"classify", "-m", model}, "no IMAGE given"},
		"device":               {[]string{"devices", "--device", "gpu"}, "or auto, cpu, tpu; run coral devices --help"},
		"device number":        {[]string{"bench", "-m", model, "--device", "usb:x"}, "usb:N"},
		"device of inspect":    {[]string{"inspect", "--device", "usb3", model}, "usb:N"},
		"half a normalisation": {[]string{"classify", "-m", model, "--mean", "1", "x.png"}, "--mean and --std go together, and --std is not given"},
		"mean of no pixels":    {[]string{"classify", "-m", model, "--mean", "300", "--std", "1", "x.png"}, "from 0 to 255"},
		"no model to ask":      {[]string{"classify", "x.png"}, "name it with -m MODEL"},
		"empty model":          {[]string{"classify", "-m", "", "x.png"}, "--model \"\": give a name"},
		"empty device":         {[]string{"bench", model, "--device", ""}, "--device \"\": give the name of a device"},
		"empty output":         {[]string{"run", model, "--output", ""}, "--output \"\": give a name"},
		"device once":          {[]string{"bench", model, "--device", "foo"}, `coral: --device "foo": not a device name: use usb`},
		"huge dimension":       {[]string{"run", model, "--input-shape", "1,1000000000000"}, "dimension 1000000000000 is too large, the limit is 2147483647"},
		"no threads":           {[]string{"bench", "-m", model, "--threads", "0"}, "from 1 to 1024"},
		"many threads":         {[]string{"bench", "-m", model, "--threads", "2000"}, "from 1 to 1024"},
		"no number":            {[]string{"bench", "-m", model, "--runs", "ten"}, "give a number"},
		"input":                {[]string{"run", "-m", model, "--input", "a"}, `"a" is not NAME=VALUE`},
		"input without name":   {[]string{"run", "-m", model, "--input", "=a"}, "is not NAME=VALUE"},
		"input twice":          {[]string{"run", "-m", model, "--input", "a=1,2,3,4,5,6,7,8", "--input", "0=1"}, "given twice"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := coralCommand(t, test.args...)
			assert.Equal(t, statusUsage, r.status)
			requireLine(t, r.stderr)
			assert.Contains(t, r.stderr, test.says)
			assert.Empty(t, r.stdout)
		})
	}
}

func TestHelpHasExamples(t *testing.T) {
	t.Parallel()
	a := newApp(nil, io.Discard, io.Discard)
	for _, c := range a.commands() {
		if c.Hidden {
			continue
		}
		t.Run(c.Name(), func(t *testing.T) {
			t.Parallel()
			help := succeeded(t, c.Name(), "--help")
			assert.Contains(t, help, "Examples:\n  coral "+c.Name())
			assert.Contains(t, help, "--json")
			assert.Contains(t, help, "Environment:\n  CORAL_EDGETPU_LIB")
			assert.Contains(t, help, "--device NAME")
			assert.Equal(t, help, succeeded(t, "help", c.Name()))
		})
	}
	assert.Contains(t, succeeded(t, "--help"), "Examples:")
	assert.Equal(t, succeeded(t, "--help"), succeeded(t, "help"))
	assert.Equal(t, succeeded(t, "--help"), succeeded(t))
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		assert.Contains(t, succeeded(t, "completion", shell), "coral")
	}
	complete := func(args ...string) string {
		return coralCommand(t, append([]string{"__complete"}, args...)...).stdout
	}
	assert.Contains(t, complete("bench", "--device", ""), "auto\ncpu\ntpu\nusb\npci\n")
	const filterByExtension = ":8\n"
	assert.Contains(t, complete("bench", "-m", ""), "tflite\n"+filterByExtension)
	assert.Contains(t, complete("inspect", ""), "tflite\n"+filterByExtension)
	assert.Contains(t, complete("classify", ""), "jpg\n")
	assert.Contains(t, complete("pose", ""), "jpg\n")
	assert.Contains(t, complete("detect", "--head", ""), "yolov8\n")
	assert.Contains(t, complete("watch", "--task", ""), "segment\n")
	assert.Contains(t, complete("ins"), "inspect")
}

func TestErrorsAreOneLine(t *testing.T) {
	t.Parallel()
	name := "two\nlines\x1b[31m" + string([]byte{0xff})
	line := failed(t, statusFailed, "inspect", name)
	assert.Contains(t, line, "two lines")
	assert.NotContains(t, line, "\x1b")
	assert.Contains(t, line, "check the path")
}

func TestPanicIsOneLine(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	a := newApp(nil, io.Discard, &stderr)
	status := func() (status int) {
		defer a.catch(&status)
		panic("this\nis a test")
	}()
	assert.Equal(t, statusFailed, status)
	requireLine(t, stderr.String())
	assert.Contains(t, stderr.String(), "this is a test")
}

type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestUnwritableOutputFails(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"version"}, {"version", "--json"}, {"inspect", testModel("add")}} {
		var stderr bytes.Buffer
		assert.Equal(t, statusFailed, run(args, nil, full{}, &stderr))
		requireLine(t, stderr.String())
		assert.Contains(t, stderr.String(), errFull.Error())
	}
}

func TestVerboseLogs(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	r := coralCommand(t, "bench", "--device", "cpu", "--runs", "1", "-v", "-m", testModel("add"))
	require.Zero(t, r.status, r.stderr)
	assert.Contains(t, r.stderr, "level=INFO")
	assert.Contains(t, r.stderr, "session opened")
}
