package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/model"
)

func TestSizeFlag(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"1": 1, "300000000": 300_000_000, "1k": 1 << 10, "512M": 512 << 20, "512MB": 512 << 20, "1.5GiB": 3 << 29, "1T": 0,
	} {
		var f sizeFlag
		err := f.Set(text)
		if want == 0 {
			require.Error(t, err, text)
			continue
		}
		require.NoError(t, err, text)
		assert.Equal(t, want, f.value, text)
	}
	for _, text := range []string{"", "0", "-1", "M", "1Q", "NaN", "Inf", "1e30", "2000G"} {
		require.Error(t, new(sizeFlag).Set(text), text)
	}
}

// A limit reaches the library, and can be raised above its default.
func TestMaxTensor(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	for _, command := range []string{"run", "bench"} {
		args := []string{command, testModel("add"), "--device", "cpu"} // tensors of 32 bytes
		if command == "run" {
			args = append(args, "--zero-inputs")
		}
		assert.Contains(t, failed(t, statusFailed, append(args, "--max-tensor", "31")...), "the limit is 31; --max-tensor raises the limit")
		succeeded(t, append(args, "--max-tensor", "32")...)
		succeeded(t, append(args, "--max-tensor", "32", "--isolated")...)
	}
	m := modelFlags{maxTensor: sizeFlag{2 << 30}}
	assert.Equal(t, model.Limits{TensorBytes: 2 << 30, TotalBytes: 8 << 30}, m.limits())
	m.maxTensor.value = 1
	assert.Equal(t, model.Limits{TensorBytes: 1, TotalBytes: model.DefaultLimits.TotalBytes}, m.limits())
}

func TestClockAndTimeFlags(t *testing.T) {
	t.Parallel()
	var clock clockFlag
	for text, want := range map[string]edgetpu.Performance{"low": edgetpu.Low, "Medium": edgetpu.Medium, "HIGH": edgetpu.High, "max": edgetpu.Max} {
		require.NoError(t, clock.Set(text))
		assert.Equal(t, want, clock.value)
	}
	require.Error(t, clock.Set(""))
	var d durationFlag
	for _, text := range []string{"", "0", "-1s", "5", "soon"} {
		require.Error(t, d.Set(text), text)
	}
	require.NoError(t, d.Set("1m30s"))
	assert.Equal(t, "1m30s", d.String())
}
