//go:build cgo

package worker_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/dl/dltest"
	"github.com/gocoral/coral/internal/engine"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/tflitelib/tflitelibtest"
	"github.com/gocoral/coral/internal/worker"
	"github.com/gocoral/coral/tflite"
)

// A worker uses the library that the program uses, which it would not find by itself.
func TestLibraryOfTheProgram(t *testing.T) {
	if !tflitelibtest.InChild(t) {
		tflitelibtest.Child(t, "XDG_CACHE_HOME="+t.TempDir()) // in which there is none
		return
	}
	standIn, dir := tflitelibtest.StandIn(t), t.TempDir()
	ours, same, other := filepath.Join(dir, "ours.so"), filepath.Join(dir, "same.so"), filepath.Join(dir, "other.so")
	tflitelibtest.StandInOf(t, "2.98.0", standIn, ours)
	tflitelibtest.StandInOf(t, "2.98.0", standIn, same)
	tflitelibtest.StandInOf(t, "2.97.0", standIn, other)
	require.NoError(t, tflite.Load(ours))

	_, how := openCPU(t, "tiny_int8").Describe()
	assert.Regexp(t, `^in a worker process \(\d+\), by TensorFlow Lite 2\.98\.0`, how)

	// One that has a library already keeps it.
	t.Setenv(modeEnv, "has a library")
	t.Setenv(libraryEnv, same)
	openCPU(t, "tiny_int8")
	t.Setenv(libraryEnv, other)
	_, err := worker.Open(t.Context(), spec(t, "tiny_int8"), edgetpu.Device{})
	require.ErrorIs(t, err, errs.ErrUnsupported)
	assert.ErrorContains(t, err, "the worker process has TensorFlow Lite 2.97.0 ("+other+"), and the program 2.98.0 ("+ours+"): build both alike")
}

// A library that goes away after the program has opened it cannot be opened by a worker.
func TestLibraryOfTheProgramIsGone(t *testing.T) {
	if !tflitelibtest.InChild(t) {
		tflitelibtest.Child(t)
		return
	}
	path := filepath.Join(t.TempDir(), tflitelibtest.File)
	tflitelibtest.Copy(t, tflitelibtest.StandIn(t), path, nil)
	require.NoError(t, tflite.Load(path))
	require.NoError(t, os.Remove(path))
	_, err := worker.Open(t.Context(), spec(t, "tiny_int8"), edgetpu.Device{})
	require.ErrorIs(t, err, errs.ErrLibraryNotFound)
	assert.ErrorContains(t, err, path)
}

// A library may end a worker, which has other limits and another environment than the program.
func TestWorkerDiesOfTheLibrary(t *testing.T) {
	const diesEnv = "GOCORAL_TEST_DIES"
	if !tflitelibtest.InChild(t) {
		tflitelibtest.Child(t)
		return
	}
	library := tflitelibtest.StandIn(t, dltest.Source(t, `#include <stdlib.h>
__attribute__((constructor)) static void die(void) { if (getenv("`+diesEnv+`")) _Exit(7); }`))
	require.NoError(t, tflite.Load(library))
	t.Setenv(diesEnv, "1")
	_, err := worker.Open(t.Context(), spec(t, "tiny_int8"), edgetpu.Device{})
	require.ErrorIs(t, err, engine.ErrDied)
	assert.ErrorContains(t, err, "while it opened TensorFlow Lite's library \""+library+"\": the worker process died: exit status 7")
}
