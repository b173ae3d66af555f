package tflite

import (
	"fmt"
	"math"

	"github.com/gocoral/coral/model"
)

// ModelOption configures how a [Model] is loaded. Of options that set the same thing the
// last one counts; a nil ModelOption does nothing.
type ModelOption func(*model.Limits) error

// WithTensorLimit lets a tensor of the model take up to so many bytes, and all tensors
// that are in use at the same time four times as many. The default is 256 MiB, ample for
// a single-board computer: a file of a few hundred bytes can ask for any amount, and a
// runtime that does not get it ends the process. Constants of the model do not count.
func WithTensorLimit(bytes int64) ModelOption {
	return func(l *model.Limits) error {
		if bytes < 1 {
			return fmt.Errorf("limit of %d bytes for a tensor: %w", bytes, ErrRange)
		}
		bytes = min(bytes, math.MaxInt64/8)
		*l = model.Limits{TensorBytes: bytes, TotalBytes: 4 * bytes}
		return nil
	}
}

func newLimits(opts []ModelOption) (model.Limits, error) {
	l := model.DefaultLimits
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&l); err != nil {
			return l, err
		}
	}
	return l, nil
}
