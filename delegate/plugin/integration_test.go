//go:build cgo

package plugin_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/delegate/plugin"
	"github.com/gocoral/coral/tflite"
)

const (
	testdata = "../../tflite/testdata/"
	// mul is the builtin code of MUL.
	mul = "18"
)

func model(t testing.TB, name string) *tflite.Model {
	t.Helper()
	m, err := tflite.LoadModel(testdata + name + ".tflite")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

// add runs a model that adds two tensors, with values 1, 2, 3 … and 10, 20, 30 …
func add(ctx context.Context, i *tflite.Interpreter) ([]float32, error) {
	for k, step := range []float32{1, 10} {
		in, err := i.Input(k)
		if err != nil {
			return nil, err
		}
		err = tflite.Use(in, func(values []float32) error {
			for n := range values {
				values[n] = step * float32(n+1)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if err := i.Invoke(ctx); err != nil {
		return nil, err
	}
	out, err := i.Output(0)
	if err != nil {
		return nil, err
	}
	sum := make([]float32, out.ByteSize()/4)
	return sum, tflite.Read(out, sum)
}

// sums are the right results for n elements, plus offset.
func sums(n int, offset float32) []float32 {
	want := make([]float32, n)
	for k := range want {
		want[k] = 11*float32(k+1) + offset
	}
	return want
}

type build struct {
	flags []string
	opts  []plugin.Option
}

// builds are the ways to build and open the fake plugin that must work on every
// runtime.
func builds() map[string]build {
	adapter := []plugin.Option{plugin.WithOldABI()}
	all := map[string]build{
		"new":                       {},
		"old, adapter":              {flags: []string{"-DOLD_ABI"}, opts: adapter},
		"old, adapter, unoptimised": {flags: []string{"-DOLD_ABI", "-O0"}, opts: adapter},
	}
	if strconv.IntSize == 64 { // see the limits of internal/oldabi
		all["new, adapter"] = build{opts: adapter}
	}
	return all
}

func TestPluginComputes(t *testing.T) {
	for name, b := range builds() {
		t.Run(name, func(t *testing.T) {
			path := fake(t, b.flags...)
			with := func(opts ...plugin.Option) *tflite.Interpreter {
				d := open(t, path, append(opts, b.opts...)...)
				i, err := tflite.NewInterpreter(model(t, "add"), tflite.WithDelegates(d))
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, i.Close()) })
				return i
			}
			i := with(plugin.WithOption("offset", "100"))
			got, err := add(t.Context(), i)
			require.NoError(t, err)
			assert.Equal(t, sums(8, 100), got)
			assert.Equal(t, tflite.DelegateUse{Name: "libfakeplugin.so", Operators: 1, Kernels: 1}, i.Backend().Uses("libfakeplugin.so"))
			assert.Zero(t, i.Backend().BuiltIn)

			i = with(plugin.WithOption("mode", "claim_none"))
			got, err = add(t.Context(), i)
			require.NoError(t, err)
			assert.Equal(t, sums(8, 0), got)
			assert.Zero(t, i.Backend().Uses("libfakeplugin.so").Operators)

			i = with(plugin.WithOption("op", mul))
			got, err = add(t.Context(), i)
			require.NoError(t, err)
			assert.Equal(t, sums(8, 0), got, "there is no MUL in the model")
		})
	}
}

// Results that stay in the plugin until the runtime fetches them: the adapter must
// hand these calls on with the plugin's own delegate.
func TestPluginBuffers(t *testing.T) {
	for name, b := range builds() {
		t.Run(name, func(t *testing.T) {
			path := fake(t, b.flags...)
			d := open(t, path, append(b.opts, plugin.WithOption("buffers", "1"))...)
			i, err := tflite.NewInterpreter(model(t, "add"), tflite.WithDelegates(d))
			require.NoError(t, err)
			for range 3 {
				got, err := add(t.Context(), i)
				require.NoError(t, err)
				assert.Equal(t, sums(8, 0.5), got)
			}
			assert.Equal(t, "1 1 1", live(t, path))
			require.NoError(t, i.Close())
			assert.Equal(t, "1 0 0", live(t, path))
		})
	}
}

// Without dynamic tensors the runtime undoes the delegate at a resize and calls its
// Prepare again.
func TestPluginAfterResize(t *testing.T) {
	for name, b := range builds() {
		for _, opts := range [][]plugin.Option{nil, {plugin.WithOption("dynamic", "1")}} {
			t.Run(fmt.Sprint(name, len(opts)), func(t *testing.T) {
				path := fake(t, b.flags...)
				d := open(t, path, append(opts, b.opts...)...)
				i, err := tflite.NewInterpreter(model(t, "add_dynamic"), tflite.WithDelegates(d))
				require.NoError(t, err)
				defer i.Close()
				for _, rows := range []int{1, 5, 2} {
					require.NoError(t, i.Resize(0, rows, 4))
					require.NoError(t, i.Resize(1, rows, 4))
					got, err := add(t.Context(), i)
					require.NoError(t, err)
					assert.Equal(t, sums(4*rows, 0.5), got)
				}
			})
		}
	}
}

func TestPrepareFails(t *testing.T) {
	for name, b := range builds() {
		t.Run(name, func(t *testing.T) {
			path := fake(t, b.flags...)
			d := open(t, path, append(b.opts, plugin.WithOption("mode", "fail_prepare"))...)
			i, err := tflite.NewInterpreter(model(t, "add"), tflite.WithDelegates(d))
			assert.Nil(t, i)
			require.ErrorIs(t, err, tflite.ErrDelegateDeclined)
			assert.ErrorContains(t, err, "fakeplugin: does not like this model, code 42")
			d.Delete()
			assert.Equal(t, "0 0 0", live(t, path), "the interpreter that failed has returned it")
		})
	}
}

func TestSeveralSubgraphs(t *testing.T) {
	for name, b := range builds() {
		t.Run(name, func(t *testing.T) {
			path := fake(t, b.flags...)
			d := open(t, path, append(b.opts, plugin.WithOption("op", mul))...)
			i, err := tflite.NewInterpreter(model(t, "two_signatures"), tflite.WithDelegates(d))
			require.NoError(t, err)
			got, err := add(t.Context(), i)
			require.NoError(t, err)
			assert.Equal(t, sums(4, 0), got, "the ADD of the first subgraph is not taken")
			assert.Equal(t, "1 1 0", live(t, path), "the MUL of the second one is")
			require.NoError(t, i.Close())
			assert.Equal(t, "1 0 0", live(t, path))
		})
	}
}

// Two delegates in one interpreter, and one in two: each finds its own.
func TestSharing(t *testing.T) {
	path := fake(t, "-DOLD_ABI")
	none := open(t, path, plugin.WithOldABI(), plugin.WithOption("op", mul))
	adder := open(t, path, plugin.WithOldABI())
	for range 2 {
		i, err := tflite.NewInterpreter(model(t, "add"), tflite.WithDelegates(none, adder))
		require.NoError(t, err)
		t.Cleanup(func() { i.Close() })
		got, err := add(t.Context(), i)
		require.NoError(t, err)
		assert.Equal(t, sums(8, 0.5), got)
	}
	assert.Equal(t, "2 2 0", live(t, path))
}

func TestConcurrentInterpreters(t *testing.T) {
	path := fake(t, "-DOLD_ABI")
	m := model(t, "add")
	shared := open(t, path, plugin.WithOldABI())
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 25 {
				own, err := plugin.Open(path, plugin.WithOldABI(), plugin.WithOption("op", mul))
				if !assert.NoError(t, err) {
					return
				}
				i, err := tflite.NewInterpreter(m, tflite.WithDelegates(own, shared))
				own.Delete()
				if !assert.NoError(t, err) {
					return
				}
				got, err := add(t.Context(), i)
				assert.NoError(t, err)
				assert.Equal(t, sums(8, 0.5), got)
				assert.NoError(t, i.Close())
			}
		})
	}
	group.Wait()
	assert.Equal(t, "1 0 0", live(t, path))
}

func TestDeleteWhileInUse(t *testing.T) {
	path := fake(t)
	d := open(t, path)
	i, err := tflite.NewInterpreter(model(t, "add"), tflite.WithDelegates(d))
	require.NoError(t, err)
	d.Delete()
	got, err := add(t.Context(), i)
	require.NoError(t, err)
	assert.Equal(t, sums(8, 0.5), got)
	assert.Equal(t, "1 1 0", live(t, path))

	_, err = tflite.NewInterpreter(model(t, "add"), tflite.WithDelegates(d))
	require.ErrorIs(t, err, plugin.ErrClosed, "no new interpreter for a deleted delegate")

	require.NoError(t, i.Close())
	assert.Equal(t, "0 0 0", live(t, path))
	_, err = tflite.NewInterpreter(model(t, "add"), tflite.WithDelegates(d))
	require.Error(t, err)
}

// Cleanups of the interpreter and the delegate run in any order; the plugin aborts
// when its delegate is destroyed before its kernels.
func TestDroppedInterpreterAndDelegate(t *testing.T) {
	path := fake(t, "-DOLD_ABI")
	m := model(t, "add")
	for range 20 {
		d, err := plugin.Open(path, plugin.WithOldABI())
		require.NoError(t, err)
		_, err = tflite.NewInterpreter(m, tflite.WithDelegates(d))
		require.NoError(t, err)
	}
	eventuallyGone(t, path)
}

// An old plugin without the adapter: right on an old runtime, a crash or an error on
// a newer one, and that is why there is an adapter.
func TestOldPluginNeedsAdapter(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+fake(t, "-DOLD_ABI"))
	out, err := cmd.CombinedOutput()
	right := err == nil && strings.Contains(string(out), fmt.Sprint("sums: ", sums(8, 0.5)))
	_, minor, _ := strings.Cut(tflite.Version(), ".")
	minor, _, _ = strings.Cut(minor, ".")
	n, convErr := strconv.Atoi(minor)
	require.NoError(t, convErr)
	switch {
	case n <= 9:
		assert.True(t, right, "%v: %s", err, out)
	case n >= 17:
		assert.False(t, right, "it worked without the adapter: %s", out)
	}
	t.Logf("TensorFlow Lite %s without the adapter: %v: %.300s", tflite.Version(), err, out)
}

// child runs the plugin at path without the adapter.
func child(path string) error {
	d, err := plugin.Open(path)
	if err != nil {
		return err
	}
	m, err := tflite.LoadModel(testdata + "add.tflite")
	if err != nil {
		return err
	}
	i, err := tflite.NewInterpreter(m, tflite.WithDelegates(d))
	if err != nil {
		return err
	}
	got, err := add(context.Background(), i)
	fmt.Println("sums:", got)
	return err
}
