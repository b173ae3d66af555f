package track_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/track"
)

// walk shows one object whose feet are at each of the points, and returns what happened
// in each of the frames besides that it appeared.
func walk(t *testing.T, points []track.Point, opts ...track.Option) map[int][]track.Event {
	t.Helper()
	tracker := newTracker(t, opts...)
	all := make(map[int][]track.Event)
	for n, p := range points {
		_, events := tracker.Update([]vision.Object{object(p.X, p.Y-40, .9)}, time.Duration(n)*frame)
		for _, e := range events {
			if e.Kind != track.Appear {
				all[n] = append(all[n], e)
			}
		}
	}
	return all
}

// path is n points from one to the other.
func path(a, b track.Point, n int) []track.Point {
	var all []track.Point
	for k := range n {
		f := float32(k) / float32(n-1)
		all = append(all, track.Point{X: a.X + f*(b.X-a.X), Y: a.Y + f*(b.Y-a.Y)})
	}
	return all
}

// A zone with a notch, so that a point may be within its bounds and outside of it.
var notched = track.Zone{Name: "yard", Polygon: []track.Point{{X: 100, Y: 100}, {X: 200, Y: 200}, {X: 300, Y: 100}, {X: 300, Y: 300}, {X: 100, Y: 300}}}

func TestZone(t *testing.T) {
	// 5 pixels a frame along y = 250: inside from 100 to 300, borders included.
	events := walk(t, path(track.Point{X: 50, Y: 250}, track.Point{X: 350, Y: 250}, 61), track.WithZone(notched))
	require.Len(t, events, 2)
	require.Len(t, events[12], 1, "the third frame from x = 100 on")
	assert.Equal(t, track.Enter, events[12][0].Kind)
	assert.Equal(t, "yard", events[12][0].Place)
	assert.Equal(t, 12*frame, events[12][0].Time)
	assert.Equal(t, 1, events[12][0].Track.Identity)
	require.Len(t, events[53], 1, "the third frame beyond x = 300")
	assert.Equal(t, track.Leave, events[53][0].Kind)

	assert.Empty(t, walk(t, path(track.Point{X: 200, Y: 50}, track.Point{X: 200, Y: 190}, 30), track.WithZone(notched)), "into the notch")
	assert.Empty(t, walk(t, path(track.Point{X: 50, Y: 305}, track.Point{X: 350, Y: 305}, 61), track.WithZone(notched)), "below")
	assert.Len(t, walk(t, path(track.Point{X: 200, Y: 300}, track.Point{X: 200, Y: 300}, 9), track.WithZone(notched)), 1, "on the border")
	assert.Len(t, walk(t, path(track.Point{X: 50, Y: 320}, track.Point{X: 350, Y: 320}, 61), track.WithZone(notched), track.WithCentre()), 2, "the middle of the box is inside")
}

// A ray that goes through a corner crosses the outline there once, or touches it twice.
func TestZoneCorners(t *testing.T) {
	diamond := track.Zone{Name: "diamond", Polygon: []track.Point{{X: 100, Y: 200}, {X: 200, Y: 100}, {X: 300, Y: 200}, {X: 200, Y: 300}}}
	stay := func(x, y float32) map[int][]track.Event {
		return walk(t, path(track.Point{X: x, Y: y}, track.Point{X: x, Y: y}, 5), track.WithZone(diamond))
	}
	assert.Empty(t, stay(50, 200))
	assert.Empty(t, stay(50, 100))
	assert.Empty(t, stay(350, 200))
	assert.Len(t, stay(150, 200), 1)
	assert.Len(t, stay(100, 200), 1)
}

// Boxes that jitter at a border do not come and go.
func TestJitter(t *testing.T) {
	var points []track.Point
	for n := range 60 {
		points = append(points, track.Point{X: 200, Y: 300 + float32(n%3-1)*2})
	}
	line := track.Line{Name: "kerb", From: track.Point{X: 0, Y: 301}, To: track.Point{X: 400, Y: 301}}
	events := walk(t, points, track.WithZone(notched), track.WithLine(line))
	assert.Empty(t, events)
	events = walk(t, points, track.WithZone(notched), track.WithLine(line), track.WithInertia(1))
	assert.Greater(t, len(events), 30, "it does without inertia")
}

func TestLine(t *testing.T) {
	// Seen from below, where it begins, right is where x grows.
	line := track.Line{Name: "door", From: track.Point{X: 200, Y: 400}, To: track.Point{X: 200, Y: 100}}
	there := path(track.Point{X: 150, Y: 250}, track.Point{X: 250, Y: 250}, 21)
	back := path(track.Point{X: 250, Y: 250}, track.Point{X: 150, Y: 250}, 21)
	events := walk(t, append(there, back...), track.WithLine(line))
	require.Len(t, events, 2)
	require.Len(t, events[13], 1, "exactly on the line in frame 10, the third frame beyond in 13")
	assert.Equal(t, track.Cross, events[13][0].Kind)
	assert.Equal(t, track.ToRight, events[13][0].Direction)
	require.Len(t, events[34], 1)
	assert.Equal(t, track.ToLeft, events[34][0].Direction)

	assert.Empty(t, walk(t, path(track.Point{X: 150, Y: 410}, track.Point{X: 250, Y: 410}, 21), track.WithLine(line)), "past its end")
	// Round the end of the line and back across it: one crossing, not two.
	round := append(path(track.Point{X: 150, Y: 450}, track.Point{X: 250, Y: 450}, 21), path(track.Point{X: 250, Y: 450}, track.Point{X: 250, Y: 250}, 41)...)
	events = walk(t, append(round, back...), track.WithLine(line))
	require.Len(t, events, 1)
	for _, e := range events {
		assert.Equal(t, track.ToLeft, e[0].Direction)
	}
}

// One that is hidden inside of a zone has not left it; one that is given up has.
func TestZoneWhileHidden(t *testing.T) {
	tracker := newTracker(t, track.WithZone(notched))
	var all []track.Kind
	for n := range 100 {
		var found []vision.Object
		if n < 10 || n >= 30 && n < 50 {
			found = append(found, object(200, 220, .9))
		}
		_, events := tracker.Update(found, time.Duration(n)*frame)
		all = append(all, kinds(events)...)
	}
	assert.Equal(t, []track.Kind{track.Appear, track.Enter, track.Leave, track.Vanish}, all)
}

func TestEnd(t *testing.T) {
	tracker := newTracker(t, track.WithZone(notched), track.WithInertia(1))
	tracker.Update([]vision.Object{object(200, 220, .9)}, 0)
	tracker.Update([]vision.Object{object(200, 220, .9), object(400, 220, .9)}, frame)
	events := tracker.End()
	assert.Equal(t, []track.Kind{track.Leave, track.Vanish}, kinds(events), "the second one was not believed yet")
	assert.Empty(t, tracker.End())
	tracks, _ := tracker.Update([]vision.Object{object(200, 220, .9)}, 0)
	assert.Equal(t, []int{2}, identities(tracks), "a first frame again, and no identity is used twice")
}
