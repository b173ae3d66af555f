package stream

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/gocoral/coral/internal/options"
)

// Option changes how a source is read or a video is written. An option that has nothing to
// do with the kind of source is ignored, so that one program may take all kinds.
type Option func(*config) error

type config struct {
	width, height   int
	rate            float64 // 0: the source's own
	maxFrame        int
	timeout         time.Duration
	client          *http.Client
	inputs, outputs []string
}

const (
	// DefaultMaxFrame is how many bytes a JPEG of a stream may have: 16 MiB.
	DefaultMaxFrame = 16 << 20
	// DefaultTimeout is how long a live source may be silent.
	DefaultTimeout = 10 * time.Second
)

// maxSide is the longest side of a frame, as for pictures.
const maxSide = 1<<16 - 1

func newConfig(opts []Option) (config, error) {
	c := config{maxFrame: DefaultMaxFrame, timeout: DefaultTimeout, client: http.DefaultClient}
	err := options.Apply(&c, opts)
	return c, err
}

// WithSize has frames of a video scaled to that size in pixels, by ffmpeg, which sends less
// that way; if one of the numbers is 0, it follows from the proportions, and two zeros are no
// scaling. From a camera the size that comes nearest is taken, 640×480 by default. A number
// below 0 or above 65535 gives [ErrRange].
func WithSize(width, height int) Option {
	return func(c *config) error {
		if width < 0 || height < 0 || width > maxSide || height > maxSide {
			return fmt.Errorf("a size of %d×%d, numbers must be from 0 to %d: %w", width, height, maxSide, ErrRange)
		}
		c.width, c.height = width, height
		return nil
	}
}

// WithRate sets the frames per second: those that ffmpeg takes of a video (the default is
// all), those to ask a camera for (the default is its own), those of a video that is written
// (25), and how long a picture of a folder lasts (1 a second). The number must be above 0
// and at most 1000 ([ErrRange]).
func WithRate(perSecond float64) Option {
	return func(c *config) error {
		if !(perSecond > 0 && perSecond <= 1000) || math.IsInf(1/perSecond, 0) {
			return fmt.Errorf("a rate of %v frames a second, it must be above 0 and at most 1000: %w", perSecond, ErrRange)
		}
		c.rate = perSecond
		return nil
	}
}

// WithMaxFrame sets how many bytes a JPEG of a stream may have, [DefaultMaxFrame] by default.
// That bounds the memory that a server without good intentions can claim. A number below 1
// gives [ErrRange].
func WithMaxFrame(bytes int) Option {
	return func(c *config) error {
		if bytes < 1 {
			return fmt.Errorf("a limit of %d bytes a frame, it must be at least 1: %w", bytes, ErrRange)
		}
		c.maxFrame = bytes
		return nil
	}
}

// WithTimeout sets how long a server, a camera or ffmpeg may be silent before the stream
// ends with [ErrSource], [DefaultTimeout] by default. A duration below 1 gives [ErrRange].
func WithTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d < 1 {
			return fmt.Errorf("a timeout of %v, it must be above 0: %w", d, ErrRange)
		}
		c.timeout = d
		return nil
	}
}

// WithClient sets what [MJPEG] asks servers with, for certificates and proxies of one's own.
// The client should have no timeout, since that would end the stream; nil is
// http.DefaultClient.
func WithClient(client *http.Client) Option {
	return func(c *config) error {
		if c.client = client; client == nil {
			c.client = http.DefaultClient
		}
		return nil
	}
}

// WithInputArguments gives ffmpeg arguments for what [Video] reads, such as "-rtsp_transport",
// "tcp", or "-hwaccel", "auto".
func WithInputArguments(arguments ...string) Option {
	arguments = slices.Clone(arguments)
	return func(c *config) error {
		c.inputs = append(c.inputs, arguments...)
		return nil
	}
}

// WithOutputArguments gives ffmpeg arguments for what [Create] writes, such as "-preset",
// "ultrafast" for small machines, or "-codec:v", "h264_v4l2m2m".
func WithOutputArguments(arguments ...string) Option {
	arguments = slices.Clone(arguments)
	return func(c *config) error {
		c.outputs = append(c.outputs, arguments...)
		return nil
	}
}
