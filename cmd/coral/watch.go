package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/annotate"
	"github.com/gocoral/coral/vision/stream"
	"github.com/gocoral/coral/vision/track"
)

func (a *app) watchCommand() *cobra.Command {
	var f watchFlags
	c := a.does(&cobra.Command{
		Use:   "watch SOURCE -m MODEL",
		Short: "Tell what comes to be seen in a video or by a camera",
		Long: `Tell what a model sees in pictures that come one after the other, as JSON lines.

SOURCE is a folder of pictures, a video file, a camera such as /dev/video0, a URL (http, for
cameras that send JPEG pictures; rtsp and others), or "-" for JPEG pictures on standard
input. Videos, and URLs other than http, need the program ffmpeg. Of a file every frame is
looked at. A camera does not wait: the newest frame is looked at, and those that come in the
meantime are dropped. --latest does that for any source.

Each line has a field "event":
  start   the source, the device and how the model was understood
  device  the device, when another one has taken over
  frame   what was found in a frame, as the command of that task has it; frames without
          anything have no line
  error   a frame that could not be read or looked at
  end     the number of frames, of dropped ones, and frames per second
and of --track, besides:
  appear, vanish   an object is there, or no longer
  enter, leave     it is in a --zone now, or no longer
  cross            it has crossed a --line, to the left or right as seen from its beginning

With --track objects have an identity, which stays from frame to frame. Boxes have to
overlap from one frame to the next for that. Zones and lines are in pixels of the frames,
from the upper left corner; a point counts as where an object is, the middle of its lower
edge. --threshold is from where on an object counts as certain then (default 0.5); what is
less certain only continues a track.

With --output the frames are written with what was found drawn into them, as a video
(.mp4, .mov, .mkv, .webm, .avi, .gif; by ffmpeg) or into a folder, as JPEG files.`,
		Example: `  coral watch street.mp4 -m ssd_mobilenet.tflite -l coco_labels.txt --track -o seen.mp4
  coral watch rtsp://camera/stream -m yolo11n.tflite --size 640x0 --line door:320,480,320,0 --events
  coral watch /dev/video0 -m movenet_lightning.tflite --task pose | jq -c .poses
  ffmpeg -v 0 -i street.mp4 -f image2pipe -c:v mjpeg - | coral watch - -m ssd_mobilenet.tflite`,
		Args: f.takeSource,
	}, func(ctx context.Context, args []string) error { return a.watch(ctx, &f, args[0]) })
	f.define(c)
	return c
}

// watcher looks at the frames of a source.
type watcher struct {
	*viewer
	flags    *watchFlags
	source   string
	live     bool
	tracker  *track.Tracker // nil: objects have no identities
	sink     *sink          // nil: frames are not written
	meter    stream.Meter
	failures int
	reported time.Time // when the meter was
	started  bool
	device   string // by which the last frame was looked at
}

func (a *app) watch(ctx context.Context, f *watchFlags, source string) error {
	a.asJSON = true
	v, err := a.viewer(&f.pictureFlags, f.look(), f.scores()...)
	if err != nil {
		return err
	}
	defer v.close()
	w := &watcher{viewer: v, flags: f, source: source, live: f.latest || stream.IsLive(source), reported: time.Now()}
	if f.tracks() {
		if w.tracker, err = track.New(f.trackOptions()...); err != nil {
			return usageError{err}
		}
	}
	if w.sink, err = newSink(f.output, source, f.rate.value, w.live); err != nil {
		return err
	}
	err = w.run(ctx)
	if closed := w.sink.close(); err == nil {
		err = closed
	}
	return err
}

// run looks at all frames. An error that ends the source is that of the command.
func (w *watcher) run(ctx context.Context) error {
	var last error
	for frame, err := range w.frames()(ctx) {
		if ctx.Err() != nil {
			break
		}
		if err == nil {
			err = w.frame(ctx, frame)
		}
		if err != nil && ctx.Err() == nil {
			if isFinal(err) {
				return err
			}
			w.failures++
			if err := w.app.printFields(event{"error"}, moment(frame), trouble{explain(err)}); err != nil {
				return err
			}
		}
		last = err
		w.report()
	}
	return w.end(ctx, last)
}

func (w *watcher) frames() stream.Source {
	source := w.open()
	if w.live {
		source = stream.Latest(source)
	}
	return w.meter.Measure(source)
}

func (w *watcher) open() stream.Source {
	if w.source == "-" {
		return stream.JPEGs(w.app.stdin, w.flags.streamOptions()...)
	}
	return stream.Open(w.source, w.flags.streamOptions()...)
}

// frame looks at one.
func (w *watcher) frame(ctx context.Context, frame stream.Frame) error {
	seen, err := w.view(ctx, frame.Image)
	if err != nil {
		return err
	}
	if err := w.start(seen); err != nil {
		return finalError{err}
	}
	tracks, events := w.follow(&seen, frame)
	if seen.count > 0 && !w.flags.events {
		if err := w.app.printFields(event{"frame"}, moment(frame), seen.found); err != nil {
			return finalError{err}
		}
	}
	if err := w.tell(events); err != nil {
		return finalError{err}
	}
	if w.sink == nil {
		return nil
	}
	drawn, err := w.drawn(seen, tracks, frame.Image)
	if err == nil {
		err = w.sink.write(frame.Time, drawn)
	}
	if err != nil {
		return finalError{err}
	}
	return nil
}

// start prints the first line, and one when the device has changed.
func (w *watcher) start(seen sight) error {
	device := w.session.Device().String()
	if w.started && device == w.device {
		return nil
	}
	w.device = device
	if w.started {
		return w.app.printFields(event{"device"}, place(w.session))
	}
	w.started = true
	w.warn(seen)
	return w.app.printFields(event{"start"}, origin{w.source, w.live}, place(w.session), seen.used())
}

// follow gives objects their identities, if that was asked for.
func (w *watcher) follow(seen *sight, frame stream.Frame) ([]track.Track, []track.Event) {
	found, ok := seen.found.(vision.Detections)
	if w.tracker == nil || !ok {
		return nil, nil
	}
	tracks, events := w.tracker.Update(found.Objects, frame.Time)
	seen.found, seen.count = tracksFound{append([]track.Track{}, tracks...)}, len(tracks)
	return tracks, events
}

func (w *watcher) tell(events []track.Event) error {
	for _, e := range events {
		if err := w.app.printJSON(e); err != nil {
			return err
		}
	}
	return nil
}

func (w *watcher) drawn(seen sight, tracks []track.Track, img image.Image) (image.Image, error) {
	if w.tracker == nil {
		return seen.drawn(img)
	}
	return sight{draw: func(c *annotate.Canvas) {
		c.Zones(w.flags.zones)
		c.Lines(w.flags.lines)
		c.Tracks(tracks)
	}}.drawn(img)
}

// reportInterval is how often -v tells how it goes.
const reportInterval = 5 * time.Second

func (w *watcher) report() {
	if time.Since(w.reported) < reportInterval {
		return
	}
	w.reported = time.Now()
	s := w.stats()
	w.app.logger().Info("watching", "source", w.source, "frames", s.Frames, "dropped", s.Dropped, "errors", s.Errors, "fps", fmt.Sprintf("%.1f", s.PerSecond))
}

// end prints the last lines; last is the error that the source ended with, if any. To
// interrupt the command is the way to end one that looks at a camera.
func (w *watcher) end(ctx context.Context, last error) error {
	err := w.tell(w.tracker.End())
	if err == nil && w.started {
		err = w.app.printFields(event{"end"}, w.stats())
	}
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil && w.live:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case last != nil:
		return last
	case !w.started:
		return fmt.Errorf("%s: there is no frame in it", w.sourceText())
	case w.failures > 0:
		return fmt.Errorf("%d frames could not be looked at: the lines with \"error\" say why", w.failures)
	}
	return nil
}

// stats count as errors what has a line.
func (w *watcher) stats() stream.Stats {
	s := w.meter.Stats()
	s.Errors = w.failures
	return s
}

func (w *watcher) sourceText() string {
	return either(w.source == "-", "standard input", w.source)
}

// event is the first field of each line.
type event struct {
	Event string `json:"event"`
}

// origin is where the frames come from.
type origin struct {
	Source string `json:"source"`
	Live   bool   `json:"live"`
}

// frameMoment is which frame a line is about.
type frameMoment struct {
	Frame   int    `json:"frame"`
	Time    real   `json:"time_ms"`
	Name    string `json:"name,omitempty"`
	Dropped int    `json:"dropped,omitempty"`
}

func moment(f stream.Frame) frameMoment {
	return frameMoment{f.Index, milliseconds(f.Time), f.Name, f.Dropped}
}

type trouble struct {
	Error string `json:"error"`
}

// tracksFound are objects with identities.
type tracksFound struct {
	Objects []track.Track `json:"objects"`
}

// watchTasks are those of watch.
var watchTasks = []string{"detect", "classify", "segment", "pose", "faces"}

// takeSource accepts the source, and flags that go together.
func (f *watchFlags) takeSource(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return errors.New("no SOURCE given: name a folder, a video, a camera or a URL")
	case len(args) > 1:
		return fmt.Errorf("unexpected argument %q", args[1])
	}
	for _, flag := range f.onlyDetect {
		if c.Flags().Changed(flag) && f.task.value != "detect" {
			return fmt.Errorf("--%s is for --task detect", flag)
		}
	}
	if f.events && !f.tracks() {
		return errors.New("--events needs --track, --zone or --line")
	}
	if noLabels := []string{"pose", "faces"}; f.labels != "" && slices.Contains(noLabels, f.task.value) {
		return fmt.Errorf("--labels is not for --task %s", strings.Join(noLabels, " and "))
	}
	return f.needModel("source")
}
