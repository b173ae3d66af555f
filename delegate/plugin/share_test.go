//go:build cgo && linux

package plugin_test

import (
	"bytes"
	"log/slog"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/delegate/plugin"
	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/dl/dltest"
	"github.com/gocoral/coral/internal/tflitelib/tflitelibtest"
	"github.com/gocoral/coral/tflite"
)

// dependent is what makes a plugin want a function of TensorFlow Lite, and not say which
// library has it: it tells the version by way of the option warn.
const dependent = `
#include <string.h>
const char* TfLiteVersion(void);
void* tflite_plugin_create_delegate(char**, char**, size_t, void (*)(const char*));
__attribute__((visibility("default"))) void* create(char** keys, char** values, size_t n, void (*report)(const char*)) {
	report(TfLiteVersion());
	return tflite_plugin_create_delegate(keys, values, n, report);
}`

// A plugin that wants functions of TensorFlow Lite gets those of the library in use, which no
// other library sees before.
func TestPluginWantsTensorFlowLite(t *testing.T) {
	const wants = "CORAL_TEST_WANTS"
	if tflitelibtest.InChild(t) {
		sharesWith(t, os.Getenv(wants))
		return
	}
	path := dltest.Shared(t, "libwants.so", "-Dtflite_plugin_create_delegate=inner_create", "testdata/fakeplugin/fakeplugin.c",
		"-Wl,--defsym=tflite_plugin_create_delegate=create", dltest.Source(t, dependent))
	for _, version := range tflitelibtest.Versions() {
		t.Log(version)
		tflitelibtest.Child(t, tflite.LibraryVariable+"="+tflitelibtest.Real(t, version), "CORAL_EXPECT_TFLITE="+version, wants+"="+path)
	}
}

func sharesWith(t *testing.T, path string) {
	t.Helper()
	_, err := dl.Open(path)
	require.ErrorContains(t, err, "TfLiteVersion", "nobody shows it that function yet")
	var log bytes.Buffer
	d := open(t, path, plugin.WithOption("offset", "7"), plugin.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	assert.Contains(t, log.String(), "report="+tflite.Version())
	i, err := tflite.NewInterpreter(model(t, "add"), tflite.WithDelegates(d))
	require.NoError(t, err)
	defer i.Close()
	got, err := add(t.Context(), i)
	require.NoError(t, err)
	assert.Equal(t, sums(8, 7), got)
}
