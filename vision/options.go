package vision

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strings"

	"github.com/gocoral/coral/internal/options"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// Option changes how a task treats the picture or its results.
type Option func(*config) error

type config struct {
	normalization *Normalization // nil: see normalizationFor
	usual         *Normalization // what models of the task want if they tell nothing, nil: a guess
	model         *model.Model   // nil: not known
	fit           *Fit           // nil: the task's default
	crop          *image.Rectangle
	fill          uint8
	fillGiven     bool
	filter        *Filter // nil: the task's default
	bgr           bool
	topK          int
	threshold     float32
	labels        Labels
	detection     detectionConfig
	// results are the options given that have to do with results.
	results []string
}

func newConfig(opts []Option) (*config, error) {
	c := &config{topK: -1, threshold: float32(math.Inf(-1))}
	if err := options.Apply(c, opts); err != nil {
		return nil, err
	}
	return c, nil
}

// onlyInput refuses options for results.
func (c *config) onlyInput() error {
	if len(c.results) > 0 {
		return fmt.Errorf("%w: %s is about results, an input has none: give it to Classify", ErrOption, strings.Join(c.results, ", "))
	}
	return nil
}

// normalizationFor is that of the options, or else what the model and its input tell.
func (c *config) normalizationFor(t tflite.TensorInfo, input, channels int) (Normalization, error) {
	if c.normalization != nil {
		return *c.normalization, c.normalization.check(channels)
	}
	if !takesPictures(t.Type) {
		return Normalization{}, wrongType(t.Name, t.Type)
	}
	n := normalizationFor(c.model, input, t.Type, t.Quantization, channels)
	if n.Source == FromNothing && c.usual != nil {
		return *c.usual, nil
	}
	return n, nil
}

// WithNormalization says which real number the model was trained to see for a pixel
// value p between 0 and 255: (p - mean) / std. See [SetInput] for the default. Both must
// be finite and std above 0 ([ErrRange]).
func WithNormalization(mean, std float64) Option {
	return WithChannelNormalization([]float64{mean}, []float64{std})
}

// WithChannelNormalization is [WithNormalization] with a mean and a standard deviation
// for each channel, in the order red, green, blue, or one for all. Another number of them
// than the input has channels gives [ErrSize].
func WithChannelNormalization(mean, std []float64) Option {
	n := Normalization{Mean: slices.Clone(mean), Std: slices.Clone(std), Source: FromOption}
	return func(c *config) error {
		c.normalization = &n
		return n.check(0)
	}
}

// WithModel has the metadata and the graph of a model tell what the options do not: the
// normalisation of its inputs and, to [Classify], the labels. Classify knows the model of
// its session without it.
func WithModel(m *model.Model) Option {
	return func(c *config) error {
		c.model = m
		return nil
	}
}

// WithTopK keeps the k best results only. The default, and any k below 0, is all.
func WithTopK(k int) Option {
	return func(c *config) error {
		c.topK = k
		c.results = append(c.results, "WithTopK")
		return nil
	}
}

// WithThreshold drops results with a lower score.
func WithThreshold(score float32) Option {
	return func(c *config) error {
		c.threshold = score
		c.results = append(c.results, "WithThreshold")
		return nil
	}
}

// WithLabels names the results. The default, and nil, are the labels that came with the
// model; an empty Labels is none at all.
func WithLabels(l Labels) Option {
	return func(c *config) error {
		c.labels = l
		c.results = append(c.results, "WithLabels")
		return nil
	}
}
