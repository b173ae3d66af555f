package track_test

import (
	"testing"

	"github.com/gocoral/coral/internal/niltest"
	"github.com/gocoral/coral/vision/track"
)

func TestNilWalk(t *testing.T) {
	niltest.Walk(t, map[string]any{
		"New": track.New, "WithCentre": track.WithCentre, "WithInertia": track.WithInertia, "WithLine": track.WithLine,
		"WithMemory": track.WithMemory, "WithThresholds": track.WithThresholds, "WithZone": track.WithZone,
	}, (*track.Tracker)(nil), &track.Tracker{}, track.Track{}, &track.Track{}, track.Event{}, &track.Event{})
}
