//go:build cgo && linux

package tflitelib_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/dl/dltest"
	"github.com/gocoral/coral/internal/tflitelib"
	"github.com/gocoral/coral/internal/tflitelib/tflitelibtest"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// The process may show several copies. No functions of one are used with another.
func TestFunctionsOfOneCopyOnly(t *testing.T) {
	p := newProgram(t)
	whole := tflitelibtest.StandIn(t)
	oldest := tflitelibtest.StandIn(t, "-DOLDEST", `-DVERSION="2.98.0"`)
	p.env = []string{"LD_PRELOAD=" + oldest + ":" + whole}
	l := p.finds(t)
	assert.Equal(t, oldest, l.Path)
	assert.Contains(t, l.Absent, "TfLiteOpaqueTensorGetAllocationType", "which the other one has")
	assert.NotContains(t, l.Absent, "TfLiteInterpreterInvoke")

	part := tflitelibtest.StandIn(t, "-DNO_NAME", `-DVERSION="2.97.0"`)
	p.env = []string{"LD_PRELOAD=" + part + ":" + whole}
	assert.Contains(t, p.fails(t).Error, "in the process already: this is not the whole C library of TensorFlow Lite 2.9 or newer: it lacks TfLiteTensorName")
}

// Functions that a library calls itself by their names are its own, also where the process
// shows one of them only, which the library's version comes from here.
func TestFunctionsOfAPartThatIsShown(t *testing.T) {
	tflitelibtest.SkipASan(t, "forbids RTLD_DEEPBIND")
	function := func(says string) string {
		return dltest.Source(t, `const char* TfLiteTypeGetName(int type); const char* TfLiteTypeGetName(int type) { return type == 1 ? "`+says+`" : ""; }`)
	}
	p := newProgram(t)
	p.named(tflitelibtest.StandIn(t, "-DVERSION=name_of(1)", "-include", dltest.Source(t, `const char* TfLiteTypeGetName(int); static inline const char* name_of(int t) { return TfLiteTypeGetName(t); }`), function("2.98.0")))
	p.env = append(p.env, "LD_PRELOAD="+dltest.Shared(t, "libpart.so", function("2.11.0")))
	assert.Equal(t, "2.98.0", p.finds(t).Version)
}

// opener opens a library for all to see, and closes it again, as another part of the program
// may. It comes in the form of a delegate plugin, because tests can call those.
const opener = `
#include <dlfcn.h>
#include <stddef.h>
static void* library;
void* tflite_plugin_create_delegate(char** keys, char** values, size_t n, void (*report)(const char*));
void* tflite_plugin_create_delegate(char** keys, char** values, size_t n, void (*report)(const char*)) {
  (void)keys;
  if (n > 0) library = dlopen(values[0], RTLD_NOW | RTLD_GLOBAL);
  else if (dlclose(library) != 0) library = NULL;
  if (library == NULL) report("it failed");
  return NULL;
}`

// A copy that is in the process stays there, whoever has opened it.
func TestCopyInTheProcessStays(t *testing.T) {
	const openerEnv, libraryEnv = "CORAL_TEST_OPENER", "CORAL_TEST_LIBRARY"
	if !tflitelibtest.InChild(t) {
		tflitelibtest.Child(t, openerEnv+"="+dltest.Shared(t, "libopener.so", dltest.Source(t, opener), "-ldl"), libraryEnv+"="+tflitelibtest.StandIn(t))
		return
	}
	library, err := dl.Open(os.Getenv(openerEnv))
	require.NoError(t, err)
	call, err := library.Symbol("tflite_plugin_create_delegate")
	require.NoError(t, err)
	_, report := dl.CreateDelegate(call, []string{"open"}, []string{os.Getenv(libraryEnv)})
	require.Empty(t, report)
	info, err := tflite.Runtime()
	require.NoError(t, err)
	require.Equal(t, tflitelib.Process, info.Source)
	_, report = dl.CreateDelegate(call, nil, nil)
	require.Empty(t, report)

	maps, err := os.ReadFile("/proc/self/maps")
	require.NoError(t, err)
	require.Contains(t, string(maps), os.Getenv(libraryEnv), "the library was unloaded")
	i, err := newInterpreter(t, one(model.Tensor{Name: "x", Type: model.Float32, Shape: []int{1}}, ""))
	require.NoError(t, err)
	require.NoError(t, i.Invoke(t.Context()))
}
