package xnnpack_test

import (
	"fmt"
	"log"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/delegate/xnnpack"
	"github.com/gocoral/coral/tflite"
)

const testdata = "../../tflite/testdata/"

func operators(t *testing.T, name string, opts ...xnnpack.Option) int {
	t.Helper()
	m, err := tflite.LoadModel(testdata + name + ".tflite")
	require.NoError(t, err)
	defer m.Close()
	d, err := xnnpack.New(opts...)
	require.NoError(t, err)
	defer d.Delete()
	i, err := tflite.NewInterpreter(m, tflite.WithDelegates(d))
	require.NoError(t, err)
	defer i.Close()
	require.NoError(t, i.Invoke(t.Context()))
	return i.Backend().Uses(d.Name()).Operators
}

func TestFlags(t *testing.T) {
	all := operators(t, "tiny_int8")
	assert.Positive(t, all)
	assert.Less(t, operators(t, "tiny_int8", xnnpack.WithoutSigned()), all, "int8 is left to the built-in kernels")
	assert.Equal(t, all, operators(t, "tiny_int8", xnnpack.WithoutUnsigned(), xnnpack.WithThreads(2)))
}

// Older XNNPACK has half precision kernels for some CPUs only, and says so.
func TestForceFP16(t *testing.T) {
	m, err := tflite.LoadModel(testdata + "tiny_float.tflite")
	require.NoError(t, err)
	defer m.Close()
	d, err := xnnpack.New(xnnpack.WithForceFP16())
	require.NoError(t, err)
	defer d.Delete()
	i, err := tflite.NewInterpreter(m, tflite.WithDelegates(d))
	if err != nil {
		require.ErrorIs(t, err, tflite.ErrDelegateDeclined)
		require.Equal(t, "2.9.0", tflite.Version(), "newer ones emulate it")
		return
	}
	defer i.Close()
	assert.Positive(t, i.Backend().Uses("XNNPACK").Operators)
}

func TestLifetime(t *testing.T) {
	var none *xnnpack.Delegate
	assert.Nil(t, none.Ptr())
	none.Delete()
	d, err := xnnpack.New()
	require.NoError(t, err)
	require.NotNil(t, d.Ptr())
	d.Delete()
	d.Delete()
	assert.Nil(t, d.Ptr())
	_, err = xnnpack.New(xnnpack.WithThreads(0))
	require.ErrorIs(t, err, xnnpack.ErrRange)
}

func Example() {
	d, err := xnnpack.New(xnnpack.WithThreads(2))
	if err != nil {
		log.Fatal(err)
	}
	defer d.Delete()
	m, err := tflite.LoadModel(testdata + "add.tflite")
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	i, err := tflite.NewInterpreter(m, tflite.WithDelegates(d))
	if err != nil {
		log.Fatal(err)
	}
	defer i.Close()
	fmt.Println(i.Backend())
	// Output: XNNPACK (1 of 1 operators)
}
