package vision

import (
	"context"
	"fmt"
	"image"
	"math"

	"github.com/gocoral/coral"
)

// Embedding is what a picture shows as a vector: pictures that show the same have similar
// ones, see [Cosine].
type Embedding struct {
	// Vector has the length 1, that is, its squares add up to 1.
	Vector []float32 `json:"vector"`
	Timing `json:"-"`
	// Normalization is what the pixels were turned into, and where it came from.
	Normalization Normalization `json:"-"`
	// Warnings are sentences about what may be wrong, see [Classification].
	Warnings []string `json:"-"`
}

var embedding = task[Embedding]{name: "embed", fit: Stretch, decode: (*config).embedding}

// Embed turns a picture into a vector with a model that was trained for that, such as one for
// faces, or with a classifier without its last layer. The first output is the vector, one
// with a single dimension that is not 1; it is divided by its length. [Stretch] is the
// default, see [WithFit].
//
// The normalisation matters: with a wrong one all pictures look alike, so heed the warnings.
// Options are those of [SetInput]. A model of another kind, and one that puts out zeros or
// what is not a number, gives [ErrModel]; other errors are those of [Classify].
func Embed(ctx context.Context, s *coral.Session, img image.Image, opts ...Option) (Embedding, error) {
	result, timing, err := embedding.perform(ctx, s, img, opts)
	result.Timing = timing
	return result, err
}

// DecodeEmbedding is the second half of [Embed]: it reads what [Run] returned.
func DecodeEmbedding(r Result, opts ...Option) (Embedding, error) {
	return embedding.decoded(r, opts)
}

func (c *config) embedding(r Result) (Embedding, error) {
	if err := c.onlyInput(); err != nil {
		return Embedding{}, err
	}
	if len(r.Outputs) == 0 || !isVector(r.Outputs[0].Shape) {
		return Embedding{}, fmt.Errorf("%w: its outputs are %s; the first one of a model that embeds is a vector, such as [1 1024]", ErrModel, outputShapes(r.Outputs))
	}
	x, err := realNumbers(r.Outputs[0])
	if err != nil {
		return Embedding{}, err
	}
	v, err := unit(x)
	if err != nil {
		return Embedding{}, fmt.Errorf("%w: output %q: %w", ErrModel, r.Outputs[0].Name, err)
	}
	return Embedding{Vector: v, Normalization: r.Normalization, Warnings: r.Warnings}, nil
}

// unit returns the vector of length 1 in the same direction.
func unit(x []float32) ([]float32, error) {
	length := math.Sqrt(dot(x, x))
	if !(length > 0) || math.IsInf(length, 0) {
		return nil, fmt.Errorf("a vector of %d numbers has the length %v, and needs one that is finite and above 0: %w", len(x), length, ErrRange)
	}
	out := make([]float32, len(x))
	for k := range x {
		out[k] = float32(float64(x[k]) / length)
	}
	return out, nil
}

func dot(a, b []float32) float64 {
	sum := 0.
	for k := range a {
		sum += float64(a[k]) * float64(b[k])
	}
	return sum
}

// Cosine is how similar two vectors are: 1 for the same direction, 0 for nothing in common,
// -1 for opposite ones. Above which number two pictures show the same depends on the model.
//
// Vectors of different lengths give [ErrSize], zeros and what is not finite [ErrRange].
func Cosine(a, b []float32) (float32, error) {
	if len(a) != len(b) {
		return 0, fmt.Errorf("vision: cosine: of vectors of %d and %d numbers: %w", len(a), len(b), ErrSize)
	}
	u, err := unit(a)
	if err != nil {
		return 0, fmt.Errorf("vision: cosine: %w", err)
	}
	v, err := unit(b)
	if err != nil {
		return 0, fmt.Errorf("vision: cosine: %w", err)
	}
	return similarity(u, v), nil
}

// similarity is that of vectors of length 1.
func similarity(u, v []float32) float32 { return float32(min(max(dot(u, v), -1), 1)) }
