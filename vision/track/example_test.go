package track_test

import (
	"fmt"
	"log"
	"time"

	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/track"
)

// A person walks through a door, of which the line is the threshold.
func Example() {
	tracker, err := track.New(track.WithLine(track.Line{
		Name: "door", From: track.Point{X: 320, Y: 480}, To: track.Point{X: 320, Y: 200},
	}))
	if err != nil {
		log.Fatal(err)
	}
	show := func(events []track.Event) {
		for _, e := range events {
			fmt.Println(e.Time, e.Kind, e.Place, e.Direction, e.Track.Label, e.Track.Identity)
		}
	}
	for n := range 20 { // frames, ten a second
		x := 200 + 20*float32(n)
		found := []vision.Object{{Label: "person", Score: 0.8, Box: vision.Box{XMin: x, YMin: 200, XMax: x + 80, YMax: 400}}}
		_, events := tracker.Update(found, time.Duration(n)*100*time.Millisecond)
		show(events)
	}
	show(tracker.End())
	// Output:
	// 0s appear   person 1
	// 700ms cross door right person 1
	// 1.9s vanish   person 1
}
