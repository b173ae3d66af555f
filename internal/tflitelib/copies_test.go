//go:build cgo && linux

package tflitelib_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/dl/dltest"
	"github.com/gocoral/coral/internal/tflitelib"
	"github.com/gocoral/coral/internal/tflitelib/tflitelibtest"
	"github.com/gocoral/coral/tflite"
)

// modes are the ways to run a model.
var modes = map[string]tflite.XNNPACKMode{"built-in": tflite.XNNPACKOff, "XNNPACK": tflite.XNNPACKAuto}

// results are the outputs of the models that two copies are tried with, by model and mode.
type results map[string][]byte

// compute runs a float model, quantised ones, and a large one if it was fetched.
func compute(t *testing.T) results {
	t.Helper()
	all := make(results)
	for _, path := range []string{
		"../../tflite/testdata/tiny_float.tflite", "../../tflite/testdata/tiny_int8.tflite",
		"../../tflite/testdata/tiny_uint8.tflite", "../../tflite/testdata/lstm.tflite",
		"../../third_party/models/mobilenet_quant_v1_224.tflite",
	} {
		b, err := os.ReadFile(path)
		if os.IsNotExist(err) && strings.Contains(path, "third_party") {
			continue // make models fetches it
		}
		require.NoError(t, err)
		for name, mode := range modes {
			all[filepath.Base(path)+" "+name] = outputOf(t, b, mode)
		}
	}
	return all
}

// outputOf runs a model on bytes that count up, twice with the same result.
func outputOf(t *testing.T, b []byte, mode tflite.XNNPACKMode) []byte {
	t.Helper()
	i, err := newInterpreter(t, b, tflite.WithXNNPACK(mode))
	require.NoError(t, err)
	in, out := tensors(t, i)
	if in.Type() == tflite.TypeFloat32 {
		values := make([]float32, in.Elements())
		for k := range values {
			values[k] = float32(k%7)/3 - 1
		}
		require.NoError(t, tflite.Set(in, values))
	} else {
		values := make([]byte, in.ByteSize())
		for k := range values {
			values[k] = byte(31 * k)
		}
		require.NoError(t, in.SetBytes(values))
	}
	require.NoError(t, i.Invoke(t.Context()))
	got := make([]byte, out.ByteSize())
	require.NoError(t, out.ReadBytes(got))
	return got
}

// resultsEnv names a file that a process writes its results to, or compares them with.
const (
	writeEnv   = "CORAL_TEST_WRITE"
	compareEnv = "CORAL_TEST_COMPARE"
	versionEnv = "CORAL_TEST_VERSION"
	sourceEnv  = "CORAL_TEST_SOURCE"
	userEnv    = "CORAL_TEST_USER"
)

// otherUser is a part of the program that uses the copy which the process shows to all.
type otherUser struct{ create unsafe.Pointer }

func newOtherUser(t *testing.T) otherUser {
	t.Helper()
	library, err := dl.Open(os.Getenv(userEnv))
	require.NoError(t, err)
	create, err := library.Symbol("tflite_plugin_create_delegate")
	require.NoError(t, err)
	return otherUser{create}
}

// compute returns the version that it uses, and the results of some models.
func (o otherUser) compute() (version, output string) {
	float, quantised := "../../tflite/testdata/tiny_float.tflite", "../../tflite/testdata/tiny_int8.tflite"
	_, report := dl.CreateDelegate(o.create, []string{"built-in", "XNNPACK", "built-in", "XNNPACK"}, []string{float, float, quantised, quantised})
	version, output, _ = strings.Cut(report, "; ")
	return version, output
}

// A program may have a copy already, which it shows to all its libraries, and use it. The
// results of ours are those that it has alone, byte for byte, and the other's as well.
func TestTwoCopies(t *testing.T) {
	tflitelibtest.SkipASan(t, "forbids RTLD_DEEPBIND")
	if tflitelibtest.InChild(t) {
		inCopies(t)
		return
	}
	versions, alone := tflitelibtest.Versions(), make(map[string]string)
	for _, v := range versions {
		library := tflitelibtest.Real(t, v)
		alone[v] = filepath.Join(t.TempDir(), v+".json")
		tflitelibtest.Child(t, tflitelib.Variable+"="+library, writeEnv+"="+alone[v], versionEnv+"="+v, sourceEnv+"="+string(tflitelib.Environment))
	}
	user := dltest.Shared(t, "libuser.so", "testdata/user.c")
	for _, there := range versions {
		preload := []string{"LD_PRELOAD=" + tflitelibtest.Real(t, there), userEnv + "=" + user}
		for _, ours := range versions {
			t.Logf("%s is in the process, %s is opened", there, ours)
			tflitelibtest.Child(t, append(preload, tflitelib.Variable+"="+tflitelibtest.Real(t, ours),
				compareEnv+"="+alone[ours], versionEnv+"="+ours, sourceEnv+"="+string(tflitelib.Environment))...)
		}
		tflitelibtest.Child(t, append(preload, compareEnv+"="+alone[there], versionEnv+"="+there, sourceEnv+"="+string(tflitelib.Process))...)
	}
}

func inCopies(t *testing.T) {
	if preloaded := os.Getenv("LD_PRELOAD"); preloaded != "" {
		user := newOtherUser(t)
		version, before := user.compute()
		assert.Equal(t, version, filepath.Base(filepath.Dir(filepath.Dir(preloaded))), "the folder in the cache")
		require.NotContains(t, before, "it failed")
		defer func() {
			again, after := user.compute()
			assert.Equal(t, version, again)
			assert.Equal(t, before, after, "results of the copy that was there")
		}()
	}
	info, err := tflite.Runtime()
	require.NoError(t, err)
	assert.Equal(t, os.Getenv(versionEnv), info.Version)
	assert.Equal(t, os.Getenv(sourceEnv), string(info.Source))
	got := compute(t)
	if path := os.Getenv(writeEnv); path != "" {
		b, err := json.Marshal(got)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, b, 0o600))
		return
	}
	b, err := os.ReadFile(os.Getenv(compareEnv))
	require.NoError(t, err)
	var want results
	require.NoError(t, json.Unmarshal(b, &want))
	require.Len(t, got, len(want))
	for name := range want {
		assert.Equal(t, want[name], got[name], name)
	}
}
