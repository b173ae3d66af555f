package main

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
)

func TestBench(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	r := coralCommand(t, "bench", "-m", testModel("tiny_int8"), "--device", "cpu", "--runs", "50", "--threads", "2", "--json")
	require.Zero(t, r.status, r.stderr)
	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &fields))
	assert.Equal(t, []string{
		"backend", "device", "device_text", "first_ms", "inferences_per_s", "mean_ms", "model",
		"p50_ms", "p90_ms", "p99_ms", "peak_rss_mb", "reason", "runs", "threads",
	}, slices.Sorted(maps.Keys(fields)))

	var b benchOutput
	decode(t, r.stdout, &b)
	assert.Equal(t, 50, b.Runs)
	assert.Equal(t, 2, b.Threads)
	assert.Equal(t, coral.Device{Type: coral.DeviceCPU}, b.Device)
	assert.Equal(t, "CPU", b.DeviceText)
	assert.NotEmpty(t, b.Backend)
	assert.Positive(t, b.First)
	assert.Positive(t, b.P50)
	assert.LessOrEqual(t, b.P50, b.P90)
	assert.LessOrEqual(t, b.P90, b.P99)
	assert.InDelta(t, 1000, float64(b.Mean*b.Throughput), 1)

	text := coralCommand(t, "bench", testModel("tiny_int8"), "--runs", "1", "--warmup", "0").stdout
	assert.Contains(t, text, "Latency:  p50 ")
}

// Every type of tensor can be an input.
func TestBenchInputs(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	for _, model := range []string{"tiny_float", "tiny_uint8", "string_gather", "logical_not", "complex_abs", "no_inputs"} {
		for _, more := range []string{"--warmup=1", "--random-inputs"} {
			r := coralCommand(t, "bench", "--runs", "2", more, "-m", testModel(model))
			assert.Zero(t, r.status, "%s: %s", model, r.stderr)
		}
	}
}

func TestRandomInputsAreTheSameEveryTime(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	fill := func() []uint8 {
		data, source := make([]uint8, 64), newSource()
		randomise(data, source)
		return data
	}
	assert.Equal(t, fill(), fill())
	assert.Greater(t, len(slices.Compact(slices.Sorted(slices.Values(fill())))), 32)
}

func TestBenchOfABadModel(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	assert.Contains(t, failed(t, statusFailed, "bench", "-m", "missing.tflite"), "check the path")
	assert.Contains(t, failed(t, statusFailed, "bench", "-m", t.TempDir()), "directory")
	assert.Contains(t, failed(t, statusFailed, "bench", "-m", testModel("unresolved_op")), "NoSuchOp")
	assert.Contains(t, failed(t, statusFailed, "bench", "-m", testModel("add"), "--device", "usb:9"), "coral devices")
}

func TestPercentilesAreOfWhatWasMeasured(t *testing.T) {
	t.Parallel()
	times := make([]time.Duration, 100)
	for k := range times {
		times[k] = time.Duration(100-k) * time.Millisecond
	}
	var b benchOutput
	b.summarise(times)
	assert.Equal(t, []real{50, 90, 99, 50.5}, []real{b.P50, b.P90, b.P99, b.Mean})
	b.summarise([]time.Duration{7 * time.Millisecond})
	assert.Equal(t, []real{7, 7, 7, 7}, []real{b.P50, b.P90, b.P99, b.Mean})
	b.summarise([]time.Duration{time.Millisecond, 3 * time.Millisecond})
	assert.Equal(t, []real{1, 3, 3, 2, 500}, []real{b.P50, b.P90, b.P99, b.Mean, b.Throughput})
}

func TestPeakRSS(t *testing.T) {
	t.Parallel()
	before := peakRSS()
	if before == 0 {
		t.Skip("this system does not tell")
	}
	block := make([]byte, 64<<20)
	for k := 0; k < len(block); k += 4096 {
		block[k] = 1
	}
	assert.GreaterOrEqual(t, peakRSS(), int64(64<<20))
	assert.GreaterOrEqual(t, peakRSS(), before)
	assert.Equal(t, byte(1), block[4096])
}

func TestGovernor(t *testing.T) {
	t.Parallel()
	const first, second = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "sys/devices/system/cpu/cpu11/cpufreq/scaling_governor"
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text + "\n")} }
	assert.Empty(t, slowGovernor(fstest.MapFS{}))
	assert.Empty(t, slowGovernor(fstest.MapFS{first: file("performance"), second: file("performance")}))
	assert.Equal(t, "powersave", slowGovernor(fstest.MapFS{first: file("performance"), second: file("powersave")}))
}

func TestNumbersForPeople(t *testing.T) {
	t.Parallel()
	for x, want := range map[real]string{
		0: "0.000000", 0.000856: "0.000856", 0.01234567: "0.01235", 1.5: "1.500",
		12.345: "12.35", 1234.5: "1234", 909165.4: "909165",
	} {
		assert.Equal(t, want, x.text())
	}
}
