// Package track follows objects from frame to frame: it gives what a detector finds in each
// picture of a video an identity that stays, and tells when it enters or leaves a part of
// the picture or crosses a line.
//
//	tracker, err := track.New(
//		track.WithZone(track.Zone{Name: "drive", Polygon: []track.Point{{X: 0, Y: 300}, {X: 640, Y: 300}, {X: 640, Y: 480}, {X: 0, Y: 480}}}),
//		track.WithLine(track.Line{Name: "door", From: track.Point{X: 320, Y: 480}, To: track.Point{X: 320, Y: 0}}),
//	)
//	…
//	for each frame {
//		found, err := vision.Detect(ctx, session, frame.Image, vision.WithThreshold(0.1))
//		…
//		tracks, events := tracker.Update(found.Objects, frame.Time)
//		for _, t := range tracks {
//			fmt.Println(t.Identity, t.Label, t.Box)
//		}
//		for _, e := range events {
//			fmt.Println(e.Kind, e.Place, e.Track.Identity)
//		}
//	}
//	events := tracker.End()
//
// # How it works
//
// The method is that of ByteTrack (Zhang and others, 2022). Each object has a Kalman filter
// that knows the centre, the aspect ratio and the height of its box and how fast they change,
// and so where the box should be in the next frame. What was found is matched with what was
// expected by the overlap of the boxes, objects of the same ID only, such that the overlap of
// all is largest. That happens twice: first with the detections that are certain, then, for
// objects that found no match, with the uncertain ones, which is what an object looks like
// that is half hidden. So the detector's own threshold should be low, 0.1; [WithThresholds]
// says what counts as certain here.
//
// An object that is not found is expected for some more time ([WithMemory]) where it should
// be by then, and keeps its identity if it comes back there. Objects look alike to this
// method: two that meet are told apart by their movement alone, and one that turns round
// while it is hidden may come back as another.
//
// Times, not frames, are what the filters count with, so frames may be dropped. But boxes
// must still overlap from one frame to the next: at five frames a second people who walk do, and
// cars near the camera do not.
//
// # Zones and lines
//
// An object is where the middle of its box's lower edge is, where people and cars touch the
// ground ([WithCentre] takes the middle of the box). To count, it has to be on the other
// side for some frames ([WithInertia]), since boxes jitter. An object that is hidden for a
// while stays in its zone; one that is given up leaves it.
package track
