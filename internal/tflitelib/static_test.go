//go:build cgo && linux

package tflitelib_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/dl/dltest"
	"github.com/gocoral/coral/internal/tflitelib"
	"github.com/gocoral/coral/internal/tflitelib/tflitelibtest"
	"github.com/gocoral/coral/tflite"
)

// forced are the flags that take all functions of the C API from an archive $0.
const forced = `nm --defined-only "$0" | sed -n 's/.* T \(TfLite[A-Za-z0-9]*\)$/-Wl,-u,\1/p' | tr '\n' ' '`

// A static archive gives a program no more than what is asked for, and the functions that
// some versions lack are asked for weakly, which takes nothing from an archive. So the linker
// must be told, of those that are there. (--whole-archive cannot do it: the go command repeats
// CGO_LDFLAGS for each package, and then the linker has all functions several times.)
func TestStaticArchive(t *testing.T) {
	tflitelibtest.Opens(t)
	dir := t.TempDir()
	known := `-DVERSION="2.17.1"`
	archive := filepath.Join(dir, "libtensorflowlite_c.a")
	ar := exec.CommandContext(t.Context(), "ar", "rcs", archive,
		dltest.Object(t, "required.o", known, "-DONLY_REQUIRED", tflitelibtest.Source(t)),
		dltest.Object(t, "optional.o", "-DONLY_OPTIONAL", tflitelibtest.Source(t)))
	out, err := ar.CombinedOutput()
	require.NoError(t, err, "%s", out)

	force, err := exec.CommandContext(t.Context(), "sh", "-c", forced, archive).Output()
	require.NoError(t, err)
	program := filepath.Join(dir, "linked")
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "tflite_link", "-o", program, "../../tflite/testdata/linked")
	build.Env = append(os.Environ(), "CGO_LDFLAGS=-L"+dir+" -ltensorflowlite_c "+string(force))
	out, err = build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	run := exec.CommandContext(t.Context(), program)
	run.Env = append(tflitelibtest.Environment(), tflitelib.Variable+"=/nowhere") // which is not looked at
	out, err = run.CombinedOutput()
	require.NoError(t, err, "%s", out)
	var info tflite.RuntimeInfo
	require.NoError(t, json.Unmarshal(out, &info), "%s", out)
	assert.Equal(t, tflite.RuntimeInfo{Version: "2.17.1", Path: program, Source: tflite.SourceLinked, Known: true, Absent: absent()}, info)
}
