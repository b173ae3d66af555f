package track_test

import (
	"encoding/json"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/track"
)

const frame = time.Second / 30

func newTracker(t *testing.T, opts ...track.Option) *track.Tracker {
	t.Helper()
	tracker, err := track.New(opts...)
	require.NoError(t, err)
	return tracker
}

// object is of 40 by 80 pixels around a place.
func object(x, y, score float32) vision.Object {
	return vision.Object{ID: 1, Label: "person", Score: score, Box: vision.Box{XMin: x - 20, YMin: y - 40, XMax: x + 20, YMax: y + 40}}
}

func identities(tracks []track.Track) []int {
	var all []int
	for _, t := range tracks {
		all = append(all, t.Identity)
	}
	return all
}

func kinds(events []track.Event) []track.Kind {
	var all []track.Kind
	for _, e := range events {
		all = append(all, e.Kind)
	}
	return all
}

// Two that walk through each other stay who they are, also when the detector sees only one
// of them while they overlap, and whatever the order in which it reports them.
func TestCrossing(t *testing.T) {
	for name, seen := range map[string]func(n int, a, b vision.Object) []vision.Object{
		"both seen": func(n int, a, b vision.Object) []vision.Object {
			if n%2 == 0 {
				a, b = b, a
			}
			return []vision.Object{a, b}
		},
		"one hidden": func(_ int, a, b vision.Object) []vision.Object {
			if a.Box.IoU(b.Box) > .4 {
				return []vision.Object{a}
			}
			return []vision.Object{a, b}
		},
		"both hidden": func(_ int, a, b vision.Object) []vision.Object {
			if a.Box.IoU(b.Box) > .5 {
				return nil
			}
			return []vision.Object{a, b}
		},
	} {
		t.Run(name, func(t *testing.T) {
			tracker := newTracker(t)
			for n := range 100 {
				a, b := object(50+3*float32(n), 100, .9), object(350-3*float32(n), 104, .8)
				tracks, _ := tracker.Update(seen(n, a, b), time.Duration(n)*frame)
				for _, found := range tracks {
					want := a
					if found.Identity == 2 {
						want = b
					}
					assert.Equal(t, want.Box, found.Box, "frame %d, identity %d", n, found.Identity)
				}
				if n < 30 || n > 70 {
					assert.Equal(t, []int{1, 2}, identities(tracks), "frame %d", n)
				}
			}
		})
	}
}

// One that is hidden for less than the memory comes back as itself, later as another.
func TestOcclusion(t *testing.T) {
	for _, c := range []struct {
		hidden time.Duration
		want   int
	}{{900 * time.Millisecond, 1}, {1200 * time.Millisecond, 2}} {
		tracker := newTracker(t)
		var last []int
		var vanished int
		for n := range 120 {
			at := time.Duration(n) * frame
			var found []vision.Object
			if at <= time.Second || at > time.Second+c.hidden {
				found = append(found, object(50+2*float32(n), 100, .9))
			}
			tracks, events := tracker.Update(found, at)
			last = identities(tracks)
			for _, e := range events {
				if e.Kind == track.Vanish {
					vanished++
				}
			}
		}
		assert.Equal(t, []int{c.want}, last, "hidden for %v", c.hidden)
		assert.Equal(t, c.want-1, vanished)
	}
}

// Times count, not frames: with two of three dropped, all stays as it is.
func TestDroppedFrames(t *testing.T) {
	tracker := newTracker(t)
	for n := 0; n < 90; n += 3 {
		tracks, _ := tracker.Update([]vision.Object{object(50+2*float32(n), 100, .9)}, time.Duration(n)*frame)
		assert.Equal(t, []int{1}, identities(tracks), "frame %d", n)
	}
}

// A score that flickers does not end a track, and alone does not begin one.
func TestFlicker(t *testing.T) {
	tracker := newTracker(t)
	scores := []float32{.9, .2, .15, .7, .12, .5, .3, .05, .9}
	for n, score := range scores {
		found := []vision.Object{object(100+float32(n), 100, score), object(300, 100, .45)}
		tracks, _ := tracker.Update(found, time.Duration(n)*frame)
		if score < .1 {
			assert.Empty(t, tracks, "below the lower threshold")
			continue
		}
		require.Equal(t, []int{1}, identities(tracks), "score %v", score)
		assert.Equal(t, score, tracks[0].Score)
	}
}

// What is found once only is not believed, unless in the first frame.
func TestOnceOnly(t *testing.T) {
	tracker := newTracker(t)
	tracks, events := tracker.Update([]vision.Object{object(100, 100, .9)}, 0)
	assert.Equal(t, []int{1}, identities(tracks))
	assert.Equal(t, []track.Kind{track.Appear}, kinds(events))

	tracks, events = tracker.Update([]vision.Object{object(100, 100, .9), object(300, 100, .9)}, frame)
	assert.Equal(t, []int{1}, identities(tracks), "the other one is new")
	assert.Empty(t, events)
	tracker.Update([]vision.Object{object(100, 100, .9)}, 2*frame)
	tracker.Update([]vision.Object{object(100, 100, .9), object(300, 100, .9)}, 3*frame)
	tracks, events = tracker.Update([]vision.Object{object(100, 100, .9), object(302, 100, .9)}, 4*frame)
	assert.Equal(t, []int{1, 2}, identities(tracks))
	assert.Equal(t, []track.Kind{track.Appear}, kinds(events))
	assert.Equal(t, 2, tracks[1].Frames)
	assert.Equal(t, frame, tracks[1].Age)
}

// Objects of different kinds are not taken for each other.
func TestKinds(t *testing.T) {
	tracker := newTracker(t)
	person, dog := object(100, 100, .9), object(100, 100, .9)
	dog.ID = 17
	tracker.Update([]vision.Object{person}, 0)
	tracks, _ := tracker.Update([]vision.Object{dog}, frame)
	assert.Empty(t, tracks)
	tracks, _ = tracker.Update([]vision.Object{dog, person}, 2*frame)
	require.Equal(t, []int{1, 2}, identities(tracks))
	assert.Equal(t, []int{1, 17}, []int{tracks[0].ID, tracks[1].ID})
}

func TestEmptyFrames(t *testing.T) {
	tracker := newTracker(t)
	for n := range 10 {
		tracks, events := tracker.Update(nil, time.Duration(n)*frame)
		assert.Empty(t, tracks)
		assert.Empty(t, events)
	}
	assert.Empty(t, tracker.End())
}

func TestUnusableObjects(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	var bad []vision.Object
	for _, b := range []vision.Box{
		{XMin: nan, YMin: 0, XMax: 10, YMax: 10},
		{XMin: 0, YMin: 0, XMax: inf, YMax: 10},
		{XMin: -inf, YMin: 0, XMax: inf, YMax: 10},
		{XMin: 0, YMin: 0, XMax: 0, YMax: 10},
		{XMin: 10, YMin: 10, XMax: 0, YMax: 0},
		{XMin: -math.MaxFloat32, YMin: 0, XMax: math.MaxFloat32, YMax: 10},
		{},
	} {
		bad = append(bad, vision.Object{ID: 1, Score: .9, Box: b})
	}
	for _, score := range []float32{nan, inf, -inf} {
		bad = append(bad, object(100, 100, score))
	}
	tracker := newTracker(t)
	for n := range 5 {
		tracks, events := tracker.Update(bad, time.Duration(n)*frame)
		assert.Empty(t, tracks)
		assert.Empty(t, events)
	}
	// The largest numbers that are left do no harm to others.
	huge := vision.Object{ID: 1, Score: .9, Box: vision.Box{XMin: -1e38, YMin: -1e38, XMax: 1e38, YMax: 1e38}}
	for n := range 50 {
		tracks, _ := tracker.Update([]vision.Object{huge, object(100+float32(n), 100, .9)}, time.Duration(n)*time.Hour)
		for _, found := range tracks {
			assert.False(t, math.IsNaN(float64(found.Box.XMin)))
		}
	}
}

// Times that stand still or go back are no times; the tracker goes on, and forgets.
func TestTimesThatDoNotAdvance(t *testing.T) {
	for _, at := range []func(int) time.Duration{
		func(int) time.Duration { return 0 },
		func(n int) time.Duration { return -time.Duration(n) * time.Second },
		func(n int) time.Duration { return time.Duration(n%2) * math.MinInt64 },
	} {
		tracker := newTracker(t)
		for n := range 10 {
			tracks, _ := tracker.Update([]vision.Object{object(100, 100, .9)}, at(n))
			assert.Equal(t, []int{1}, identities(tracks))
		}
		var events []track.Event
		for n := range 40 {
			_, more := tracker.Update(nil, at(n))
			events = append(events, more...)
		}
		assert.Equal(t, []track.Kind{track.Vanish}, kinds(events))
	}
}

// A detector gone wild, with other boxes in each frame, costs a bounded amount of memory.
func TestMemoryIsBounded(t *testing.T) {
	tracker := newTracker(t, track.WithMemory(time.Hour))
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	wild := make([]vision.Object, 1000)
	run := func(from int) {
		for n := from; n < from+20; n++ {
			// Every box is there for two frames, so that it is believed, and then elsewhere.
			for k := range wild {
				wild[k] = object(float32(100*k), float32(n/2%7)*200, .9)
			}
			tracks, _ := tracker.Update(wild, time.Duration(n)*frame)
			assert.LessOrEqual(t, len(tracks), 300)
		}
	}
	run(0)
	before := heap()
	run(20)
	run(40)
	assert.Less(t, heap(), before+1<<20)
	runtime.KeepAlive(tracker)
}

func TestOptionsThatCannotBe(t *testing.T) {
	nan := float32(math.NaN())
	square := []track.Point{{X: 0, Y: 0}, {X: 9, Y: 0}, {X: 9, Y: 9}}
	line := track.Line{Name: "gate", To: track.Point{X: 1}}
	for name, c := range map[string]struct {
		want error
		opts []track.Option
	}{
		"thresholds the wrong way round": {track.ErrRange, []track.Option{track.WithThresholds(.5, .1)}},
		"threshold not a number":         {track.ErrRange, []track.Option{track.WithThresholds(nan, .1)}},
		"memory":                         {track.ErrRange, []track.Option{track.WithMemory(-1)}},
		"inertia":                        {track.ErrRange, []track.Option{track.WithInertia(0)}},
		"two corners":                    {track.ErrSize, []track.Option{track.WithZone(track.Zone{Name: "a", Polygon: square[:2]})}},
		"corner not a number":            {track.ErrRange, []track.Option{track.WithZone(track.Zone{Name: "a", Polygon: append(square[:2:2], track.Point{X: nan})})}},
		"no name":                        {track.ErrOption, []track.Option{track.WithZone(track.Zone{Polygon: square})}},
		"same name":                      {track.ErrOption, []track.Option{track.WithZone(track.Zone{Name: "gate", Polygon: square}), track.WithLine(line)}},
		"no length":                      {track.ErrSize, []track.Option{track.WithLine(track.Line{Name: "a"})}},
		"end not a number":               {track.ErrRange, []track.Option{track.WithLine(track.Line{Name: "a", To: track.Point{X: nan}})}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := track.New(c.opts...)
			require.ErrorIs(t, err, c.want)
			t.Log(err)
		})
	}
}

func TestJSON(t *testing.T) {
	one := track.Track{Object: object(20, 40, .5), Identity: 7, Age: 33333 * time.Microsecond, Frames: 2}
	event := track.Event{Kind: track.Cross, Place: "door", Direction: track.ToLeft, Time: 1500 * time.Millisecond, Track: one}
	text, err := json.Marshal(event)
	require.NoError(t, err)
	assert.JSONEq(t, `{"event":"cross","place":"door","direction":"left","time_ms":1500,"track":{
		"id":1,"label":"person","score":0.5,"box":[0,0,40,80],"identity":7,"age_ms":33.333,"frames":2}}`, string(text))
	var back track.Event
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, event, back)

	text, err = json.Marshal(track.Event{Kind: track.Appear})
	require.NoError(t, err)
	assert.NotContains(t, string(text), "place")
	assert.NotContains(t, string(text), "direction")
	assert.Error(t, json.Unmarshal([]byte(`{"track":3}`), &back))
}
