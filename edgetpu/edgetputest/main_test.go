package edgetputest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// helperVar makes the test binary do one thing, which may end it, instead of running
// the tests.
const helperVar = "EDGETPUTEST_HELPER"

func TestMain(m *testing.M) {
	if name, ok := os.LookupEnv(helperVar); ok {
		if err := helpers[name](); err != nil {
			fmt.Println("error:", err)
			os.Exit(3)
		}
		fmt.Println("done")
		os.Exit(0)
	}
	if want := os.Getenv("CORAL_EXPECT_TFLITE"); want != "" && want != tflite.Version() {
		fmt.Fprintf(os.Stderr, "this is TensorFlow Lite %s, CORAL_EXPECT_TFLITE=%s: run make test-runtimes\n", tflite.Version(), want)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// tflitePath is a model of tflite's tests.
func tflitePath(name string) string {
	return filepath.Join("..", "..", "tflite", "testdata", name+".tflite")
}

func load(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

// tiny is the smallest model with several operators for an Edge TPU.
func tiny(t testing.TB) []byte { return load(t, tflitePath("tiny_int8")) }

func parse(t testing.TB, b []byte) *model.Model {
	t.Helper()
	m, err := model.Parse(b)
	require.NoError(t, err)
	require.NoError(t, m.Verify())
	return m
}

// fetched is a model that coral-runtime fetches. CI has it.
func fetched(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "third_party", "models", name))
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("run make models: %v", err)
	}
	require.NoError(t, err)
	return b
}

// device finds a simulated device.
func device(path string) (edgetpu.Device, error) {
	devices, err := edgetpu.Probe(context.Background())
	if err != nil {
		return edgetpu.Device{}, err
	}
	for _, d := range devices {
		if d.Path == path {
			return d, nil
		}
	}
	return edgetpu.Device{}, fmt.Errorf("%s is not among %v", path, devices)
}

// open makes a delegate through the library that the environment names.
func open(path string) (*edgetpu.Delegate, error) {
	runtime, err := edgetpu.Load()
	if err != nil {
		return nil, err
	}
	d, err := device(path)
	if err != nil {
		return nil, err
	}
	return runtime.NewDelegate(context.Background(), d, edgetpu.Options{})
}

func mustOpen(t testing.TB, path string) *edgetpu.Delegate {
	t.Helper()
	d, err := open(path)
	require.NoError(t, err)
	t.Cleanup(d.Delete)
	return d
}

// interpreter runs on the built-in kernels, whose results do not depend on how the
// graph is divided.
func interpreter(t testing.TB, b []byte, ds ...delegate.Delegate) *tflite.Interpreter {
	t.Helper()
	i, err := newInterpreter(b, ds...)
	require.NoError(t, err)
	t.Cleanup(func() { i.Close() })
	return i
}

func newInterpreter(b []byte, ds ...delegate.Delegate) (*tflite.Interpreter, error) {
	m, err := tflite.NewModel(b)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	return tflite.NewInterpreter(m, tflite.WithDelegates(ds...), tflite.WithXNNPACK(tflite.XNNPACKOff))
}

// fill sets the inputs to reproducible noise.
func fill(t testing.TB, i *tflite.Interpreter, seed uint64) {
	t.Helper()
	for k := range i.InputCount() {
		in, err := i.Input(k)
		require.NoError(t, err)
		require.NoError(t, noise(in, rand.New(rand.NewPCG(seed, uint64(k)))))
	}
}

func noise(in *tflite.Tensor, random *rand.Rand) error {
	switch in.Type() {
	case tflite.TypeUint8:
		return fillWith(in, func() uint8 { return uint8(random.Uint32()) })
	case tflite.TypeInt8:
		return fillWith(in, func() int8 { return int8(random.Uint32()) })
	case tflite.TypeFloat32:
		return fillWith(in, random.Float32)
	}
	return fmt.Errorf("no noise of type %v", in.Type())
}

func fillWith[T tflite.Element](in *tflite.Tensor, next func() T) error {
	return tflite.Use(in, func(data []T) error {
		for i := range data {
			data[i] = next()
		}
		return nil
	})
}

func outputs(t testing.TB, i *tflite.Interpreter) []any {
	t.Helper()
	all := make([]any, i.OutputCount())
	for k := range all {
		out, err := i.Output(k)
		require.NoError(t, err)
		v, err := out.Value()
		require.NoError(t, err)
		all[k] = v.Data
	}
	return all
}

// infer runs on noise.
func infer(t testing.TB, i *tflite.Interpreter, seed uint64) []any {
	t.Helper()
	fill(t, i, seed)
	require.NoError(t, i.Invoke(context.Background()))
	return outputs(t, i)
}

// requireSame compares two interpreters over several inferences.
func requireSame(t testing.TB, want, got *tflite.Interpreter) {
	t.Helper()
	for seed := range uint64(3) {
		require.Equal(t, infer(t, want, seed), infer(t, got, seed), "inference %d", seed)
	}
}

// opNames lists the operators of the primary graph.
func opNames(m *model.Model) string {
	var names []string
	for _, op := range m.Subgraphs[0].Operators {
		names = append(names, op.Name)
	}
	return strings.Join(names, " ")
}
