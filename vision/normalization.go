package vision

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gocoral/coral/model"
)

// Normalization says which real number a model was trained to see for a pixel value p
// between 0 and 255: (p - Mean) / Std.
type Normalization struct {
	// Mean and Std have one number for all channels, or one for each: red, green, blue.
	Mean []float64 `json:"mean"`
	Std  []float64 `json:"std"`
	// Source is where they come from.
	Source NormalizationSource `json:"source"`
	// Warning says why they may be wrong, and is empty if nothing speaks against them.
	Warning string `json:"warning,omitempty"`
}

// NormalizationSource is where a [Normalization] comes from.
type NormalizationSource string

// The sources, the first of which that there is counts.
const (
	// FromOption: [WithNormalization] or [WithChannelNormalization].
	FromOption NormalizationSource = "option"
	// FromMetadata: the NormalizationOptions in the model's TFLITE_METADATA.
	FromMetadata NormalizationSource = "metadata"
	// FromRange: the real numbers that the integers of a quantised input stand for; pixels as
	// they are for an input of int32.
	FromRange NormalizationSource = "range"
	// FromGraph: the operators with which the model begins, such as those of a Keras
	// layer Rescaling.
	FromGraph NormalizationSource = "graph"
	// FromTask: the model tells nothing, but all models of its kind want the same.
	FromTask NormalizationSource = "task"
	// FromNothing: pycoral's default, because the model tells nothing. It comes with a
	// Warning.
	FromNothing NormalizationSource = "nothing"
)

var sourceTexts = map[NormalizationSource]string{
	FromOption:   "as asked for",
	FromMetadata: "from the model's metadata",
	FromRange:    "from the range of the input",
	FromGraph:    "from the operators that the model begins with",
	FromTask:     "as models of this kind want it",
	FromNothing:  "a guess",
}

// String returns it as people write it, such as
// "(p - 127.5) / 127.5, from the model's metadata".
func (n Normalization) String() string {
	text := fmt.Sprintf("(p - %s) / %s", numbers(n.Mean), numbers(n.Std))
	if source := sourceTexts[n.Source]; source != "" {
		text += ", " + source
	}
	return text
}

// numbers writes "127.5" for one and "[123.7 116.3 103.5]" for several.
func numbers(list []float64) string {
	texts := make([]string, len(list))
	for k, x := range list {
		texts[k] = strconv.FormatFloat(x, 'g', 6, 64)
	}
	if len(texts) == 1 {
		return texts[0]
	}
	return "[" + strings.Join(texts, " ") + "]"
}

// apply is the number for a pixel value of a channel.
func (n Normalization) apply(p float64, channel int) float64 {
	return (p - perChannel(n.Mean, channel)) / perChannel(n.Std, channel)
}

func perChannel(list []float64, channel int) float64 { return list[min(channel, len(list)-1)] }

// check reports what is wrong with numbers for so many channels, 0 for any.
func (n Normalization) check(channels int) error {
	for _, list := range [][]float64{n.Mean, n.Std} {
		if len(list) != 1 && (len(list) == 0 || channels > 0 && len(list) != channels) {
			return fmt.Errorf("normalisation by %d means and %d standard deviations: give one of each, or one for each of the %d channels: %w", len(n.Mean), len(n.Std), cmp.Or(channels, 3), ErrSize)
		}
	}
	for _, x := range n.Mean {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("normalisation by mean %v: it must be finite: %w", x, ErrRange)
		}
	}
	for _, x := range n.Std {
		if !(x > 0) || math.IsInf(x, 0) {
			return fmt.Errorf("normalisation by standard deviation %v: it must be finite and above 0: %w", x, ErrRange)
		}
	}
	return nil
}

// interval is a range of real numbers.
type interval struct{ low, high float64 }

// span is the range of all pixel values.
func (n Normalization) span() interval {
	s := interval{math.Inf(1), math.Inf(-1)}
	for c := range max(len(n.Mean), len(n.Std)) {
		s.low, s.high = min(s.low, n.apply(0, c)), max(s.high, n.apply(255, c))
	}
	return s
}

// likeness is 1 for intervals that are the same, 0 for those that have nothing in common:
// what they share of what they cover together.
func (i interval) likeness(j interval) float64 {
	shared := min(i.high, j.high) - max(i.low, j.low)
	covered := max(i.high, j.high) - min(i.low, j.low)
	if !(shared > 0) || math.IsInf(covered, 0) {
		return 0
	}
	return shared / covered
}

func (i interval) String() string {
	return fmt.Sprintf("%s to %s", strconv.FormatFloat(i.low+0, 'g', 3, 64), strconv.FormatFloat(i.high+0, 'g', 3, 64)) // +0: not "-0"
}

const (
	// alike are intervals that differ by no more than calibration with a few pictures
	// explains.
	alike = 0.9
	// unlike are those that have nothing to do with each other.
	unlike = 0.25
)

// convention is a mean and a standard deviation in use.
type convention struct{ mean, std float64 }

// conventions are the usual ones, the first of which is pycoral's default.
var conventions = []convention{
	{128, 128}, // -1 to 1
	{0, 255},   // 0 to 1
	{0, 1},     // 0 to 255
	{128, 1},   // -128 to 127
}

func (c convention) from(source NormalizationSource) Normalization {
	return Normalization{Mean: []float64{c.mean}, Std: []float64{c.std}, Source: source}
}

// span is the range of all pixel values.
func (c convention) span() interval { return interval{-c.mean / c.std, (255 - c.mean) / c.std} }

// nearest is the convention whose range is most like i.
func nearest(i interval, source NormalizationSource) Normalization {
	best := slices.MaxFunc(conventions, func(a, b convention) int {
		return cmp.Compare(a.span().likeness(i), b.span().likeness(i))
	})
	n := best.from(source)
	if i.likeness(best.span()) < alike {
		n.Warning = fmt.Sprintf("the model's input stands for numbers from %v, which is no usual normalisation: %v was taken; if the results are poor, give mean and standard deviation", i, best.span())
	}
	return n
}

// integers is the range of real numbers that a tensor of integers stands for. Without
// quantisation the integers stand for themselves.
func integers(typ model.TensorType, q model.Quantization) interval {
	low, high := 0., 255.
	if typ == model.Int8 {
		low, high = -128, 127
	}
	scale, zero := parameters(q)
	return interval{float64(scale) * (low - float64(zero)), float64(scale) * (high - float64(zero))}
}

func parameters(q model.Quantization) (scale float32, zero int) {
	if !q.Quantized() {
		return 1, 0
	}
	return q.Scale, q.ZeroPoint
}

// NormalizationOf tells which normalisation a picture for an input of the model gets
// without an option, as [SetInput] with [WithModel] and [Classify] do it, and where it
// comes from. It reads the model's file only.
//
// An input that is not there gives [ErrRange], one that takes no picture [ErrModel], one
// of a type that no picture goes into [ErrType].
func NormalizationOf(m *model.Model, input int) (Normalization, error) {
	n, err := normalizationOf(m, input)
	if err != nil {
		return Normalization{}, fmt.Errorf("vision: normalisation: %w", err)
	}
	return n, nil
}

func normalizationOf(m *model.Model, input int) (Normalization, error) {
	if m == nil {
		return Normalization{}, fmt.Errorf("%w: it is nil", ErrModel)
	}
	inputs := m.Inputs()
	if input < 0 || input >= len(inputs) {
		return Normalization{}, fmt.Errorf("input %d of a model with %d: %w", input, len(inputs), ErrRange)
	}
	t := inputs[input]
	size, err := shapeSize(t.Name, t.Shape)
	if err != nil {
		return Normalization{}, err
	}
	if !takesPictures(t.Type) {
		return Normalization{}, wrongType(t.Name, t.Type)
	}
	return normalizationFor(m, input, t.Type, t.Quantization, size.c), nil
}

// normalizationFor finds the normalisation for an input whose type and quantisation the
// runtime knows better than the file; m may be nil.
func normalizationFor(m *model.Model, input int, typ model.TensorType, q model.Quantization, channels int) Normalization {
	if typ == model.Int32 { // a number that has room for everything stands for a pixel
		return convention{0, 1}.from(FromRange)
	}
	described, warning := fromMetadata(m, input, channels)
	if typ == model.Uint8 || typ == model.Int8 {
		return fromIntegers(described, warning, integers(typ, q))
	}
	if described != nil {
		return *described
	}
	n := fromGraph(m, input, channels)
	n.Warning = cmp.Or(warning, n.Warning)
	return n
}

// fromIntegers weighs what the metadata say against the range of the input. Where one
// excludes the other the range counts: it is what the model computes with.
func fromIntegers(described *Normalization, warning string, i interval) Normalization {
	byRange := nearest(i, FromRange)
	if described == nil {
		byRange.Warning = cmp.Or(warning, byRange.Warning)
		return byRange
	}
	switch l := described.span().likeness(i); {
	case l < unlike:
		byRange.Warning = fmt.Sprintf("the model's metadata ask for numbers from %v, its input holds %v: the input's range was taken", described.span(), i)
		return byRange
	case l < alike:
		described.Warning = fmt.Sprintf("the model's metadata ask for numbers from %v, its input holds %v: the metadata were taken", described.span(), i)
	}
	return *described
}

// fromMetadata returns nil if they say nothing, with a warning if they say something that
// cannot be.
func fromMetadata(m *model.Model, input, channels int) (n *Normalization, warning string) {
	if m == nil {
		return nil, ""
	}
	info, err := m.Info()
	if err != nil {
		return nil, fmt.Sprintf("the model's metadata cannot be read: %v", err)
	}
	if input >= len(info.Inputs) || len(info.Inputs[input].Mean)+len(info.Inputs[input].Std) == 0 {
		return nil, ""
	}
	n = &Normalization{Mean: widened(info.Inputs[input].Mean), Std: widened(info.Inputs[input].Std), Source: FromMetadata}
	if err := n.check(channels); err != nil {
		return nil, fmt.Sprintf("the model's metadata were not used: %v", err)
	}
	return n, ""
}

// widened keeps the decimals that people write: 0.229, and not 0.22900000214576721.
func widened(list []float32) []float64 {
	out := make([]float64, len(list))
	for k, x := range list {
		out[k], _ = strconv.ParseFloat(strconv.FormatFloat(float64(x), 'g', -1, 32), 64)
	}
	return out
}
