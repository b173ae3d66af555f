package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/fetch/fetchtest"
)

// world is a machine for the command to run on.
type world struct {
	*fetchtest.World
	tool tool // as a call starts out
}

func newWorld(t *testing.T) *world {
	w := &world{World: fetchtest.New(t)}
	w.tool = tool{fetcher: w.Fetcher, models: w.Models()}
	return w
}

// checkout makes the rest of the test run in a checkout, and returns its root.
func (w *world) checkout(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "check out")
	w.Put(filepath.Join(dir, "go.mod"), "module "+modulePath+"\n")
	w.Put(filepath.Join(dir, "internal", "capi", header), "/* header */\n")
	t.Chdir(dir)
	return dir
}

// result is what one call of the command did.
type result struct {
	status      int
	out, errOut string
}

func (w *world) run(t *testing.T, args ...string) result {
	var out, errOut bytes.Buffer
	call := w.tool
	call.stdout, call.stderr = &out, &errOut
	status := call.run(t.Context(), args)
	return result{status, out.String(), errOut.String()}
}

// done runs the command, which has to succeed, and returns its output.
func (w *world) done(t *testing.T, args ...string) string {
	t.Helper()
	r := w.run(t, args...)
	require.Zero(t, r.status, r.errOut)
	return r.out
}

// oneLineSaying checks what every failure owes the user: the status, and a last
// line on standard error that has all the parts.
func (r result) oneLineSaying(t *testing.T, status int, parts ...string) {
	t.Helper()
	require.Equal(t, status, r.status, "%+v", r)
	lines := strings.Split(strings.TrimSuffix(r.errOut, "\n"), "\n")
	last := lines[len(lines)-1]
	for _, line := range lines {
		require.True(t, strings.HasPrefix(line, "coral-runtime: "), "%q", line)
	}
	for _, part := range parts {
		require.Contains(t, last, part)
	}
	require.Empty(t, r.out, fmt.Sprint("nothing was done: ", r.out))
}
