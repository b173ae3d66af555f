package edgetputest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
)

// scene is a black picture with a red square, a green one, and a blue one whose upper
// half is dark.
func scene() []uint8 {
	const side = 16
	picture := make([]uint8, side*side*3)
	paint := func(top, left, bottom, right, channel int) {
		for y := top; y < bottom; y++ {
			for x := left; x < right; x++ {
				picture[(y*side+x)*3+channel] = 255
			}
		}
	}
	paint(0, 0, 4, 4, 0)
	paint(4, 12, 8, 16, 1)
	paint(14, 4, 16, 8, 2)
	return picture
}

func TestDetectorDetects(t *testing.T) {
	i := interpreter(t, edgetputest.Detector())
	in, err := i.Input(0)
	require.NoError(t, err)
	require.NoError(t, in.SetValue(scene()))
	require.NoError(t, i.Invoke(t.Context()))
	all := outputs(t, i)
	boxes, classes, scores, count := all[0].([]float32), all[1].([]float32), all[2].([]float32), all[3].([]float32)
	assert.Equal(t, []float32{4}, count)
	assert.Greater(t, scores[1], float32(0.9), "two objects of a pure colour")
	assert.Less(t, scores[3], float32(0.1), "the background")
	found := map[float32][]float32{}
	for k := range 3 {
		found[classes[k]] = boxes[4*k : 4*k+4]
	}
	assert.InDeltaSlice(t, []float32{0, 0, 0.25, 0.25}, found[0], 0.03)
	assert.InDeltaSlice(t, []float32{0.25, 0.75, 0.5, 1}, found[1], 0.03)
	require.Contains(t, found, float32(2))
	assert.Greater(t, found[2][0], float32(0.77), "moved down, to the brighter half")
}

// A detection model runs on the Edge TPU but for its post-processing, whose outputs have
// no size until the tensors are allocated. The results are those of the CPU model.
func TestDetectors(t *testing.T) {
	edgetputest.New(t, edgetputest.USB("2-1"), edgetputest.PCIe(0))
	for name, original := range map[string]func(testing.TB) []byte{
		"small": func(testing.TB) []byte { return edgetputest.Detector() },
		"SSD":   func(t testing.TB) []byte { return fetched(t, "ssd_detect.tflite") },
	} {
		t.Run(name, func(t *testing.T) {
			cpu := original(t)
			tpu := compile(t, cpu)
			m := parse(t, tpu)
			assert.Equal(t, "edgetpu-custom-op TFLite_Detection_PostProcess", opNames(m))
			for _, out := range m.Outputs() {
				assert.Empty(t, out.Shape, "%s has a shape in the file", out.Name)
				assert.False(t, out.HasRank, out.Name)
			}
			for _, path := range []string{usb, pci} {
				i := interpreter(t, tpu, mustOpen(t, path))
				assert.Equal(t, 1, i.Backend().Uses("Edge TPU").Operators)
				var ranks []int
				for k := range i.OutputCount() {
					out, err := i.Output(k)
					require.NoError(t, err)
					ranks = append(ranks, len(out.Shape()))
				}
				assert.Equal(t, []int{3, 2, 2, 1}, ranks)
				requireSame(t, interpreter(t, cpu), i)
			}
		})
	}
}
