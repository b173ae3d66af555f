//go:build gotflite

// Package interop_test has the delegates of this library and of go-tflite change
// places. It needs go-tflite's headers: bench/run.sh interop.
package interop_test

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/mattn/go-tflite/delegates"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/bench"
	"github.com/gocoral/coral/bench/internal/peer"
	"github.com/gocoral/coral/delegate/xnnpack"
	"github.com/gocoral/coral/tflite"
)

// models have one input, for which bench has random content. The large one is there
// after make models.
var models = []string{
	"../../tflite/testdata/tiny_float.tflite",
	"../../tflite/testdata/tiny_int8.tflite",
	"../../tflite/testdata/tiny_uint8.tflite",
	"../../third_party/models/mobilenet_quant_v1_224.tflite",
}

// eachModel runs f on each model, with content for its input.
func eachModel(t *testing.T, f func(t *testing.T, path string, content any)) {
	t.Helper()
	require.NoError(t, peer.SameRuntime())
	for _, path := range models {
		t.Run(filepath.Base(path), func(t *testing.T) {
			if _, err := os.Stat(path); err != nil {
				if os.Getenv("CI") == "true" {
					t.Fatal(err)
				}
				t.Skipf("%v: run make models", err)
			}
			i := ours(t, path, tflite.WithXNNPACK(tflite.XNNPACKOff))
			in, err := i.Input(0)
			require.NoError(t, err)
			content, err := bench.Random(in.Info(), 7)
			require.NoError(t, err)
			f(t, path, content)
		})
	}
}

func ours(t *testing.T, path string, opts ...tflite.Option) *tflite.Interpreter {
	t.Helper()
	m, err := tflite.LoadModel(path)
	require.NoError(t, err)
	defer m.Close()
	i, err := tflite.NewInterpreter(m, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, i.Close()) })
	return i
}

// runOurs returns output 0.
func runOurs(t *testing.T, i *tflite.Interpreter, content any) any {
	t.Helper()
	in, err := i.Input(0)
	require.NoError(t, err)
	require.NoError(t, in.SetValue(content))
	require.NoError(t, i.Invoke(t.Context()))
	out, err := i.Output(0)
	require.NoError(t, err)
	v, err := out.Value()
	require.NoError(t, err)
	return v.Data
}

// runTheirs returns output 0 of a go-tflite interpreter with the delegates, in a slice
// as like has.
func runTheirs(t *testing.T, path string, content, like any, ds ...delegates.Delegater) any {
	t.Helper()
	i, err := peer.Open(path, ds...)
	require.NoError(t, err)
	defer i.Close()
	require.NoError(t, i.Set(0, content))
	require.NoError(t, i.Invoke())
	v := reflect.ValueOf(like)
	out := reflect.MakeSlice(v.Type(), v.Len(), v.Len()).Interface()
	require.NoError(t, i.Read(0, out))
	return out
}

func TestTheirDelegateInOurInterpreter(t *testing.T) {
	eachModel(t, func(t *testing.T, path string, content any) {
		d, err := peer.NewXNNPACK()
		require.NoError(t, err)
		t.Cleanup(d.Delete)
		// No XNNPACK of our own: it would do what theirs left undone.
		i := ours(t, path, tflite.WithDelegates(d), tflite.WithXNNPACK(tflite.XNNPACKOff))
		assert.Positive(t, i.Backend().Uses("*xnnpack.Delegate").Operators, "%v", i.Backend())
		got := runOurs(t, i, content)
		assert.Equal(t, runTheirs(t, path, content, got, d), got)
	})
}

func TestOurDelegateInTheirInterpreter(t *testing.T) {
	rounded := false
	eachModel(t, func(t *testing.T, path string, content any) {
		d, err := xnnpack.New()
		require.NoError(t, err)
		t.Cleanup(d.Delete)
		i := ours(t, path, tflite.WithDelegates(d))
		assert.Positive(t, i.Backend().Uses(d.Name()).Operators, "%v", i.Backend())
		want := runOurs(t, i, content)
		assert.Equal(t, want, runTheirs(t, path, content, want, d))
		rounded = rounded || !assert.ObjectsAreEqual(want, runTheirs(t, path, content, want))
	})
	// go-tflite does not tell whether a delegate took anything, but its arithmetic does.
	assert.True(t, rounded, "no result differs from that of the built-in kernels")
}

// Without a delegate both libraries run the same kernels. It also shows that the
// content reaches them: a model that is run on something else gives something else.
func TestBuiltInKernelsAgree(t *testing.T) {
	eachModel(t, func(t *testing.T, path string, content any) {
		i := ours(t, path, tflite.WithXNNPACK(tflite.XNNPACKOff))
		want := runOurs(t, i, content)
		assert.Equal(t, want, runTheirs(t, path, content, want))

		in, err := i.Input(0)
		require.NoError(t, err)
		other, err := bench.Random(in.Info(), 8)
		require.NoError(t, err)
		assert.NotEqual(t, want, runOurs(t, i, other))
	})
}
