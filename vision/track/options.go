package track

import (
	"fmt"
	"slices"
	"time"

	"github.com/gocoral/coral/internal/options"
	"github.com/gocoral/coral/vision"
)

// Option changes how a [Tracker] works.
type Option func(*config) error

type config struct {
	low, high float32
	memory    time.Duration
	inertia   int
	centre    bool
	zones     []Zone
	lines     []Line
	names     []string
}

func newConfig(opts []Option) (config, error) {
	c := config{low: 0.1, high: 0.5, memory: time.Second, inertia: 3}
	err := options.Apply(&c, opts)
	return c, err
}

// WithThresholds sets which scores count. Objects below low are ignored. Those from high up
// are certain; others only continue the track of one that was certain before. A new track begins
// with a score of 0.1 more than high. The default is 0.1 and 0.5. Both must lie between 0
// and 1, and low not above high ([ErrRange]).
func WithThresholds(low, high float32) Option {
	return func(c *config) error {
		if !(0 <= low && low <= high && high <= 1) {
			return fmt.Errorf("thresholds %v and %v, they must be 0 ≤ low ≤ high ≤ 1: %w", low, high, ErrRange)
		}
		c.low, c.high = low, high
		return nil
	}
}

// WithMemory sets how long an object that is not found is kept. The default is one second. A
// negative duration gives [ErrRange].
func WithMemory(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 {
			return fmt.Errorf("a memory of %v, it must not be negative: %w", d, ErrRange)
		}
		c.memory = d
		return nil
	}
}

// WithInertia sets in how many frames an object must be found on the other side of a line
// or a zone's border before that counts. The default is 3; fewer than 1 give [ErrRange].
func WithInertia(frames int) Option {
	return func(c *config) error {
		if frames < 1 {
			return fmt.Errorf("an inertia of %d frames, it must be at least 1: %w", frames, ErrRange)
		}
		c.inertia = frames
		return nil
	}
}

// WithCentre has the middle of a box say where an object is, as a camera that looks down
// needs it, instead of the middle of the lower edge.
func WithCentre() Option {
	return func(c *config) error {
		c.centre = true
		return nil
	}
}

// WithZone adds a zone, whose name no other zone or line may have ([ErrOption]). One
// without three corners gives [ErrSize], and coordinates that are no numbers [ErrRange].
func WithZone(z Zone) Option {
	z.Polygon = slices.Clone(z.Polygon)
	return func(c *config) error {
		c.zones = append(c.zones, z)
		if err := c.name("zone", z.Name); err != nil {
			return err
		}
		return z.check()
	}
}

// WithLine adds a line, whose name no other zone or line may have ([ErrOption]). One without
// length gives [ErrSize], and coordinates that are no numbers [ErrRange].
func WithLine(l Line) Option {
	return func(c *config) error {
		c.lines = append(c.lines, l)
		if err := c.name("line", l.Name); err != nil {
			return err
		}
		return l.check()
	}
}

func (c *config) name(what, name string) error {
	if name == "" {
		return fmt.Errorf("a %s needs a name: %w", what, ErrOption)
	}
	if slices.Contains(c.names, name) {
		return fmt.Errorf("the %s %q has the name of another zone or line: %w", what, name, ErrOption)
	}
	c.names = append(c.names, name)
	return nil
}

// at is where an object is.
func (c *config) at(b vision.Box) Point {
	p := Point{(b.XMin + b.XMax) / 2, b.YMax}
	if c.centre {
		p.Y = (b.YMin + b.YMax) / 2
	}
	return p
}
