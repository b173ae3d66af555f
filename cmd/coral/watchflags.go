package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/stream"
	"github.com/gocoral/coral/vision/track"
)

// watchFlags are those of coral watch.
type watchFlags struct {
	pictureFlags
	detector detectFlags
	task     choiceFlag
	// onlyDetect are the names of flags for detection.
	onlyDetect []string

	track, events bool
	zones         zonesFlag
	lines         linesFlag
	memory        durationFlag

	latest bool
	size   frameSizeFlag
	rate   rateFlag
	output string
}

func (f *watchFlags) define(c *cobra.Command) {
	f.task = choiceFlag{kind: "TASK", names: watchTasks, value: "detect"}
	f.task.define(c, "task", "what to look for: "+strings.Join(watchTasks, ", "))
	f.pictureFlags.define(c, usual{fit: "the task's", filter: "the task's"})
	f.defineLabels(c)
	f.resultFlags.define(c, "the best results", "the lowest score to show (default: the task's)")
	f.detector.define(c)
	flags := c.Flags()
	flags.BoolVar(&f.track, "track", false, "give objects identities that stay from frame to frame")
	flags.Var(&f.zones, "zone", "tell who enters and leaves this part of the frames: `NAME:X,Y,X,Y,X,Y`, its corners; may be repeated")
	flags.Var(&f.lines, "line", "tell who crosses this line: `NAME:X,Y,X,Y`, its ends; may be repeated")
	flags.Var(&f.memory, "memory", "`TIME` for which an object that is not found is kept (default 1s)")
	flags.BoolVar(&f.events, "events", false, "print no lines for frames")
	flags.BoolVar(&f.latest, "latest", false, "look at the newest frame and drop those that come in the meantime, as of a camera")
	flags.Var(&f.size, "size", "scale the frames of a video to `WIDTHxHEIGHT`, or ask a camera for it; 0 for one of them keeps the proportions")
	flags.Var(&f.rate, "rate", "frames a second to take of a video or ask a camera for, and those of the video that is written")
	flags.VarP(nameFlag{&f.output}, "output", "o", "write frames with what was found to `FILE|DIR`, a video or a folder")
	f.onlyDetect = []string{"head", "iou", "label-offset", "tiles", "track", "zone", "line", "memory"}
}

// look is what is done with each frame.
func (f *watchFlags) look() look {
	switch f.task.value {
	case "classify":
		return f.classify
	case "segment":
		return segment
	case "pose":
		return pose
	case "faces":
		return faces
	}
	return f.detector.detect
}

func (f *watchFlags) tracks() bool { return f.track || len(f.zones) > 0 || len(f.lines) > 0 }

// The scores of what continues a track, and of what is certain, as in ByteTrack.
const (
	uncertain = 0.1
	certain   = 0.5
)

// scores are the threshold of a detector whose objects are tracked: what is less certain
// continues a track, too.
func (f *watchFlags) scores() []vision.Option {
	if !f.tracks() {
		return nil
	}
	return []vision.Option{vision.WithThreshold(min(uncertain, f.certain()))}
}

func (f *watchFlags) certain() float32 {
	if f.threshold.given {
		return f.threshold.value
	}
	return certain
}

func (f *watchFlags) trackOptions() []track.Option {
	opts := []track.Option{track.WithThresholds(min(uncertain, f.certain()), f.certain())}
	for _, z := range f.zones {
		opts = append(opts, track.WithZone(z))
	}
	for _, l := range f.lines {
		opts = append(opts, track.WithLine(l))
	}
	if f.memory.value > 0 {
		opts = append(opts, track.WithMemory(f.memory.value))
	}
	return opts
}

func (f *watchFlags) streamOptions() []stream.Option {
	opts := []stream.Option{stream.WithSize(f.size.width, f.size.height)}
	if f.rate.value > 0 {
		opts = append(opts, stream.WithRate(f.rate.value))
	}
	return opts
}

// parsePlace reads a name and places.
func parsePlace(s, usage string) (name string, points []track.Point, err error) {
	name, text, ok := strings.Cut(s, ":")
	wrong := fmt.Errorf("give a name, a colon and places in pixels, such as %s", usage)
	if !ok || name == "" {
		return "", nil, wrong
	}
	numbers := strings.Split(text, ",")
	for k := 0; k+1 < len(numbers); k += 2 {
		x, err := parsePixel(numbers[k])
		if err != nil {
			return "", nil, wrong
		}
		y, err := parsePixel(numbers[k+1])
		if err != nil {
			return "", nil, wrong
		}
		points = append(points, track.Point{X: x, Y: y})
	}
	if len(numbers)%2 != 0 {
		return "", nil, wrong
	}
	return name, points, nil
}

func parsePixel(s string) (float32, error) {
	x, err := strconv.ParseFloat(strings.TrimSpace(s), 32)
	if err == nil && (math.IsNaN(x) || math.IsInf(x, 0)) {
		err = strconv.ErrRange
	}
	return float32(x), err
}

// zonesFlag are parts of the frames.
type zonesFlag []track.Zone

// Set adds one.
func (f *zonesFlag) Set(s string) error {
	name, corners, err := parsePlace(s, "drive:0,300,640,300,640,480,0,480")
	if err != nil {
		return err
	}
	if len(corners) < 3 {
		return fmt.Errorf("give three corners or more")
	}
	*f = append(*f, track.Zone{Name: name, Polygon: corners})
	return nil
}

func (f *zonesFlag) String() string { return "" }

// Type is for the help text.
func (f *zonesFlag) Type() string { return "ZONE" }

// linesFlag are lines in the frames.
type linesFlag []track.Line

// Set adds one.
func (f *linesFlag) Set(s string) error {
	name, ends, err := parsePlace(s, "door:320,480,320,0")
	if err != nil {
		return err
	}
	if len(ends) != 2 {
		return fmt.Errorf("give the two ends of the line")
	}
	*f = append(*f, track.Line{Name: name, From: ends[0], To: ends[1]})
	return nil
}

func (f *linesFlag) String() string { return "" }

// Type is for the help text.
func (f *linesFlag) Type() string { return "LINE" }

// frameSizeFlag is the size of frames, 0 for what follows from the proportions.
type frameSizeFlag struct{ width, height int }

// Set reads 640x480 or 640x0.
func (f *frameSizeFlag) Set(s string) error {
	w, h, ok := strings.Cut(s, "x")
	width, err := strconv.ParseUint(w, 10, 16)
	height, err2 := strconv.ParseUint(h, 10, 16)
	if !ok || err != nil || err2 != nil {
		return fmt.Errorf("give width and height in pixels, such as 640x480 or 640x0")
	}
	f.width, f.height = int(width), int(height)
	return nil
}

func (f *frameSizeFlag) String() string {
	if *f == (frameSizeFlag{}) {
		return ""
	}
	return fmt.Sprintf("%dx%d", f.width, f.height)
}

// Type is for the help text.
func (f *frameSizeFlag) Type() string { return "SIZE" }

// rateFlag is a number of frames a second, 0 for the source's own.
type rateFlag struct{ value float64 }

// Set refuses what no camera has.
func (f *rateFlag) Set(s string) error {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || !(x > 0 && x <= 1000) {
		return fmt.Errorf("give frames a second, above 0 and up to 1000")
	}
	f.value = x
	return nil
}

func (f *rateFlag) String() string {
	if f.value == 0 {
		return ""
	}
	return strconv.FormatFloat(f.value, 'g', -1, 64)
}

// Type is for the help text.
func (f *rateFlag) Type() string { return "FPS" }
