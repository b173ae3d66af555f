package tflite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
)

// TestMain makes sure that a run for one runtime is not silently one for another:
// test results are cached by what Go reads, not by the library that C opens.
func TestMain(m *testing.M) {
	if want := os.Getenv("CORAL_EXPECT_TFLITE"); want != "" && want != tflite.Version() {
		fmt.Fprintf(os.Stderr, "this is TensorFlow Lite %s, CORAL_EXPECT_TFLITE=%s: run make test-runtimes\n", tflite.Version(), want)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// minor is the runtime's minor version, 17 for 2.17.1.
func minor(t testing.TB) int {
	t.Helper()
	parts := strings.Split(tflite.Version(), ".")
	require.Len(t, parts, 3, tflite.Version())
	n, err := strconv.Atoi(parts[1])
	require.NoError(t, err)
	return n
}

func load(t testing.TB, name string) *tflite.Model {
	t.Helper()
	m, err := tflite.LoadModel(filepath.Join("testdata", name+".tflite"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

func interpreter(t testing.TB, name string, opts ...tflite.Option) *tflite.Interpreter {
	t.Helper()
	i, err := tflite.NewInterpreter(load(t, name), opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, i.Close()) })
	return i
}

func input(t testing.TB, i *tflite.Interpreter, k int) *tflite.Tensor {
	t.Helper()
	tensor, err := i.Input(k)
	require.NoError(t, err)
	return tensor
}

func output(t testing.TB, i *tflite.Interpreter, k int) *tflite.Tensor {
	t.Helper()
	tensor, err := i.Output(k)
	require.NoError(t, err)
	return tensor
}

func set[T tflite.Element](t testing.TB, tensor *tflite.Tensor, v ...T) {
	t.Helper()
	require.NoError(t, tflite.Set(tensor, v))
}

func read[T tflite.Element](t testing.TB, tensor *tflite.Tensor) []T {
	t.Helper()
	v := make([]T, tensor.Elements())
	require.NoError(t, tflite.Read(tensor, v))
	return v
}

func invoke(t testing.TB, i *tflite.Interpreter) {
	t.Helper()
	require.NoError(t, i.Invoke(context.Background()))
}
