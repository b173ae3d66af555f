//go:build cgo && linux

package tflitelib_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/cache"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/tflitelib"
	"github.com/gocoral/coral/internal/tflitelib/tflitelibtest"
)

// stepsEnv has the steps that a program is to take, one a line; see take.
const stepsEnv = "CORAL_TEST_STEPS"

// TestMain makes this binary the program that tests start, since a process can use one
// library only, and may die of it.
func TestMain(m *testing.M) {
	if steps := os.Getenv(stepsEnv); steps != "" {
		slog.SetLogLoggerLevel(slog.LevelDebug)
		tflitelib.SetLogger(slog.Default())
		var results []result
		for step := range strings.SplitSeq(steps, "\n") {
			results = append(results, take(step))
		}
		if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// result is what a step has come to.
type result struct {
	Error                                 string
	NotFound, Unsupported, Busy, Platform bool
	Library                               *tflitelib.Library
}

// take does one step: need, load PATH, rename FROM TO, descriptors N, which leaves so many to
// the program, or together, which are many needs at the same time, of which it checks that
// they agree.
func take(step string) result {
	words := strings.Fields(step)
	var err error
	switch words[0] {
	case "need":
		_, err = tflitelib.Need()
	case "load":
		err = tflitelib.Load(words[1])
	case "rename":
		err = os.Rename(words[1], words[2])
	case "descriptors":
		err = leaveDescriptors(words[1])
	case "together":
		err = together()
	default:
		panic(step)
	}
	r := result{
		NotFound: errors.Is(err, errs.ErrLibraryNotFound), Unsupported: errors.Is(err, errs.ErrUnsupported),
		Busy: errors.Is(err, errs.ErrBusy), Platform: errors.Is(err, errs.ErrPlatform),
		Library: tflitelib.Opened(),
	}
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

func leaveDescriptors(n string) error {
	const most = 256
	left, err := strconv.Atoi(n)
	if err != nil {
		return err
	}
	if r, w, err := os.Pipe(); err == nil { // for which Go's runtime takes descriptors of its own, once
		r.Close()
		w.Close()
	}
	limit := syscall.Rlimit{Cur: most, Max: most}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	for {
		fd, err := syscall.Open(os.DevNull, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			break
		}
		taken = append(taken, fd)
	}
	for _, fd := range taken[len(taken)-left:] {
		syscall.Close(fd)
	}
	taken = taken[:len(taken)-left]
	return nil
}

// taken are descriptors that the program is to do without.
var taken []int

func together() error {
	const n = 16
	var libraries [n]*tflitelib.Library
	var failures [n]error
	var group sync.WaitGroup
	for k := range n {
		group.Go(func() { libraries[k], failures[k] = tflitelib.Need() })
	}
	group.Wait()
	for _, l := range libraries {
		if l != libraries[0] {
			return fmt.Errorf("%v and %v", l, libraries[0])
		}
	}
	return errors.Join(failures[:]...)
}

// program is a copy of this binary in a folder of its own, for a user with an empty cache
// folder. Its folders can be read by everyone.
type program struct {
	exe   string
	cache string // in which the folder of this project is
	env   []string
	user  *syscall.Credential // nil for that of the test
	dir   string              // the current folder
	// wrap is put before the command, such as unshare.
	wrap []string
	// log is what the last run has logged.
	log string
}

func newProgram(t *testing.T) *program {
	t.Helper()
	tflitelibtest.Opens(t)
	dir := openFolder(t)
	p := &program{exe: filepath.Join(dir, "bin", "program"), cache: filepath.Join(dir, "cache")}
	require.NoError(t, os.MkdirAll(p.cache, 0o755))
	self, err := os.Executable()
	require.NoError(t, err)
	tflitelibtest.Copy(t, self, p.exe, nil)
	return p
}

// openFolder is a folder that everyone can read.
func openFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}

// cached is where the library of a version is in the program's cache.
func (p *program) cached(version string) string {
	return cache.Library(filepath.Join(p.cache, "gocoral"), version, runtime.GOOS+"_"+runtime.GOARCH, tflitelibtest.File)
}

// beside is a path beside the executable.
func (p *program) beside(elements ...string) string {
	return filepath.Join(append([]string{filepath.Dir(p.exe)}, elements...)...)
}

// run has the program take steps, and returns what came of each.
func (p *program) run(t *testing.T, steps ...string) []result {
	t.Helper()
	command := slices.Concat(p.wrap, []string{p.exe})
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append(tflitelibtest.Environment(), "XDG_CACHE_HOME="+p.cache, stepsEnv+"="+strings.Join(steps, "\n"))
	cmd.Env = append(cmd.Env, p.env...)
	cmd.Dir = p.dir
	if p.user != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.user}
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	p.log = stderr.String()
	require.NoError(t, err, "%s%s", out, p.log)
	var results []result
	require.NoError(t, json.Unmarshal(out, &results), "%s%s", out, p.log)
	require.Len(t, results, len(steps))
	return results
}

// fails has the program look for a library in vain, and returns the error.
func (p *program) fails(t *testing.T) result {
	t.Helper()
	r := p.run(t, "need")[0]
	require.NotEmpty(t, r.Error, "%v", r.Library)
	require.NotContains(t, r.Error, "\n")
	require.True(t, r.NotFound, r.Error)
	require.Nil(t, r.Library)
	return r
}

// finds has the program look for a library, and returns it.
func (p *program) finds(t *testing.T) *tflitelib.Library {
	t.Helper()
	r := p.run(t, "need")[0]
	require.Empty(t, r.Error)
	return r.Library
}
