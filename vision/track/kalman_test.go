package track

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/vision"
)

// A box that moves at constant speed is foreseen, however long the steps are.
func TestMotionLearnsTheSpeed(t *testing.T) {
	for _, steps := range []float64{.5, 1, 6} {
		box := func(n int) vision.Box {
			return vision.Box{XMin: 100, YMin: 50, XMax: 140, YMax: 130}.Translate(float32(n)*3*float32(steps), float32(n)*-1*float32(steps))
		}
		m := begin(box(0))
		for n := 1; n < 60; n++ {
			m.predict(steps)
			m.correct(box(n))
		}
		m.predict(10 * steps)
		assert.Greater(t, m.box().IoU(box(69)), float32(.95), "steps of %v: %v, not %v", steps, m.box(), box(69))
	}
}

// What testdata/kalman.py prints: at, speed and the variances.
var byteTrackReference = []axis{
	{26.2639357806, 1.40417590155, 13.3668555558, 3.30759761668, 4.57230488998},
	{42.8880267149, 0.590158324277, 13.3668555558, 3.30759761668, 4.57230488998},
	{0.500582933189, 4.6564879268e-10, 0.000387565616704, 3.99999990392e-10, 5.89468647303e-10},
	{41.200072182, 0.183149535642, 13.3668555558, 3.30759761668, 4.57230488998},
}

// The four small filters compute what ByteTrack's one large one does.
func TestMotionIsByteTracks(t *testing.T) {
	m := begin(vision.Box{XMin: 10, YMin: 20, XMax: 30, YMax: 60})
	m.predict(1)
	m.correct(vision.Box{XMin: 12, YMin: 21, XMax: 33, YMax: 62})
	m.predict(1)
	m.correct(vision.Box{XMin: 15, YMin: 22, XMax: 36, YMax: 63})
	m.predict(1)
	want := byteTrackReference
	for k, a := range []axis{m.x, m.y, m.aspect, m.height} {
		assert.InDelta(t, want[k].at, a.at, 1e-9)
		assert.InDelta(t, want[k].speed, a.speed, 1e-9)
		assert.InDelta(t, want[k].vAt, a.vAt, 1e-9)
		assert.InDelta(t, want[k].vSpeed, a.vSpeed, 1e-9)
		assert.InDelta(t, want[k].vAtWithSpeed, a.vAtWithSpeed, 1e-9)
	}
}
