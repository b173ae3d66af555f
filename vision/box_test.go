package vision_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

func box(xmin, ymin, xmax, ymax float32) vision.Box {
	return vision.Box{XMin: xmin, YMin: ymin, XMax: xmax, YMax: ymax}
}

func TestBox(t *testing.T) {
	a, b := box(0, 0, 4, 2), box(2, 1, 6, 3)
	assert.Equal(t, box(2, 1, 4, 2), a.Intersect(b))
	assert.Equal(t, box(0, 0, 6, 3), a.Union(b))
	assert.InDelta(t, 2./14, a.IoU(b), 1e-6)
	assert.InDelta(t, 1, a.IoU(a), 1e-6)
	far := a.Translate(10, 0)
	assert.False(t, a.Intersect(far).Valid())
	assert.Zero(t, a.IoU(far))
	assert.Zero(t, vision.Box{}.IoU(vision.Box{}), "no area, no division by zero")
	assert.Equal(t, box(0, 0, 8, 6), a.Scale(2, 3))
	assert.Equal(t, box(1, 1, 5, 3), a.Map(func(x float32) float32 { return x + 1 }))
	assert.InDelta(t, 8, a.Area(), 0)
}

func TestBoxJSON(t *testing.T) {
	text, err := json.Marshal(box(1, 2.5, 3, 4))
	require.NoError(t, err)
	assert.JSONEq(t, "[1,2.5,3,4]", string(text))
	var b vision.Box
	require.NoError(t, json.Unmarshal(text, &b))
	assert.Equal(t, box(1, 2.5, 3, 4), b)
	require.Error(t, json.Unmarshal([]byte("[1,2]"), &b))
	require.Error(t, json.Unmarshal([]byte(`"x"`), &b))
}
