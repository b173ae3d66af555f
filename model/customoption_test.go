package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
)

func TestCustomOption(t *testing.T) {
	m, err := model.Parse(edgetputest.Detector())
	require.NoError(t, err)
	ops := m.Subgraphs[0].Operators
	op := ops[len(ops)-1]
	require.Equal(t, "TFLite_Detection_PostProcess", op.CustomCode)
	for name, want := range map[string]float64{"num_classes": 3, "max_detections": 4, "y_scale": 10, "nms_iou_threshold": float64(float32(0.6))} {
		n, ok := op.CustomOption(name)
		assert.True(t, ok, name)
		assert.InDelta(t, want, n, 0, name)
	}
	_, ok := op.CustomOption("num_class")
	assert.False(t, ok)
	_, ok = model.Operator{}.CustomOption("num_classes")
	assert.False(t, ok)

	for _, width := range []int{1, 2, 4, 8} {
		options := tflitewriter.FlexMap(width, tflitewriter.Entry{Key: "n", Value: -5}, tflitewriter.Entry{Key: "s", Value: "text"})
		n, ok := model.Operator{CustomOptions: options}.CustomOption("n")
		assert.True(t, ok, "width %d", width)
		assert.InDelta(t, -5, n, 0, "width %d", width)
		_, ok = model.Operator{CustomOptions: options}.CustomOption("s")
		assert.False(t, ok, "a text")
	}
}

// Damaged options give no number, or another one, and nothing worse.
func TestCustomOptionDamaged(t *testing.T) {
	good := tflitewriter.FlexMap(4, tflitewriter.Entry{Key: "n", Value: 7}, tflitewriter.Entry{Key: "x", Value: float32(1.5)})
	lost := 0
	for i := range good {
		for _, v := range []byte{0, 1, 0x7f, 0xff} {
			damaged := append([]byte(nil), good...)
			damaged[i] = v
			for _, name := range []string{"n", "x"} {
				require.NotPanics(t, func() {
					if _, ok := (model.Operator{CustomOptions: damaged}).CustomOption(name); !ok {
						lost++
					}
				}, "byte %d is %d", i, v)
			}
		}
		_, ok := model.Operator{CustomOptions: good[:i]}.CustomOption("n")
		assert.False(t, ok, "cut to %d bytes", i)
	}
	assert.Positive(t, lost)
}
