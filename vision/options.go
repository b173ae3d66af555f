package vision

import (
	"fmt"
	"math"
)

// Option changes how a task treats the picture or its results.
type Option func(*config) error

type config struct {
	normalization *normalization // nil: by the tensor's range
	topK          int
	threshold     float32
	labels        Labels
}

func newConfig(opts []Option) (*config, error) {
	c := &config{topK: -1, threshold: float32(math.Inf(-1))}
	for _, o := range opts {
		if err := o(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// WithNormalization says which real number the model was trained to see for a pixel
// value p between 0 and 255: (p - mean) / std. See [SetInput] for the default. std
// must be above 0 ([ErrSize]).
func WithNormalization(mean, std float64) Option {
	return func(c *config) error {
		if !(std > 0) || math.IsInf(std, 0) || math.IsNaN(mean) || math.IsInf(mean, 0) {
			return fmt.Errorf("normalisation by mean %v and standard deviation %v: both must be finite and the second above 0: %w", mean, std, ErrSize)
		}
		c.normalization = &normalization{mean, std}
		return nil
	}
}

// WithTopK keeps the k best results only. The default, and any k below 0, is all.
func WithTopK(k int) Option {
	return func(c *config) error {
		c.topK = k
		return nil
	}
}

// WithThreshold drops results with a lower score.
func WithThreshold(score float32) Option {
	return func(c *config) error {
		c.threshold = score
		return nil
	}
}

// WithLabels names the results.
func WithLabels(l Labels) Option {
	return func(c *config) error {
		c.labels = l
		return nil
	}
}
