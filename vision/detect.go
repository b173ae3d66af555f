package vision

import (
	"context"
	"fmt"
	"image"
	"math"
	"time"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/internal/errs"
)

// Detections are what a detector finds in a picture.
type Detections struct {
	// Objects has the best first, and of equal scores the higher id. Their boxes are in
	// pixels of the picture, and end where the part of it ends that the model saw.
	Objects []Object
	Timing  Timing
	// Placement is where the picture lay in the model's input: the whole picture, where
	// tiles of it were looked at too.
	Placement Placement
	// Normalization is what the pixels were turned into, and where it came from.
	Normalization Normalization
	// Head is how the outputs were read, see [WithHead].
	Head string
	// Warnings are sentences about what may be wrong, and about what was decided for want
	// of better knowledge. They are the same for every picture.
	Warnings []string
}

// detectionConfig is what the options say that only detection has.
type detectionConfig struct {
	head        string       // "": as the shapes tell
	iou         *float32     // nil: the head's default
	labelOffset *int         // nil: as the counts tell
	tiles       *tilesConfig // nil: none
}

// Detect finds the objects in a picture, with a model whose one input is a picture as
// [SetInput] wants it, and whose outputs are one of the heads that [WithHead] names. Which
// one is found from their shapes. What the head does not do itself is done here: decoding,
// and the suppression of what is found twice.
//
// Each head has the defaults of those who made it:
//
//	                         threshold  IoU   fit            after
//	ssd                      0.4        –     Stretch        pycoral's detect_image.py; TensorFlow's training
//	yolov5, yolov8,
//	yolo-maps                0.25       0.45  Letterbox      Ultralytics, grey 114 around the picture
//	end2end                  0.25       –     Letterbox      Ultralytics, grey 114 around the picture
//	yolov9                   0.4        0.4   Letterbox      Frigate; the grey of its training
//	nanodet                  0.35       0.5   Stretch        NanoDet's demo
//
// Pictures are scaled by [Lanczos], as in pycoral's examples; for a stream of frames
// [WithFilter] with [Area] takes a fifth of its time, and moves some boxes by a step of the
// quantised output.
//
// pycoral's example letterboxes pictures for an SSD by [LetterboxTopLeft]; TensorFlow trains
// these models on stretched ones.
//
// The labels are those of [WithLabels], or else those that came with the model; see
// [WithLabelOffset] for labels that count otherwise than the model.
//
// Options are [WithThreshold], [WithTopK], [WithLabels], [WithLabelOffset], [WithHead],
// [WithIoU], [WithTiles] and those of SetInput. Detect is safe for concurrent use, as far as
// the session has interpreters.
//
// A model of another kind gives [ErrModel]; for the picture see SetInput, for the run
// coral.Session.Do. A nil session is a closed one, a nil context never ends.
func Detect(ctx context.Context, s *coral.Session, img image.Image, opts ...Option) (Detections, error) {
	c, err := newConfig(opts)
	var d Detections
	if err == nil {
		d, err = c.detect(errs.Context(ctx), s, img)
	}
	if err != nil {
		return Detections{}, fmt.Errorf("vision: detect: %w", err)
	}
	return d, nil
}

// DecodeDetections is the second half of [Detect]: it reads what a detector put out. Of r it
// needs Outputs and Placement; Names if the outputs cannot be told apart by their shapes,
// and the model, by [WithModel] if r is not from [Run], for labels and the number of classes
// of an SSD. Options for the input, and WithTiles, are ignored.
//
// Outputs that no detector has give [ErrModel], a Placement without size [ErrSize].
// What cannot be in an output, such as a box that is not a number, is left out.
func DecodeDetections(r Result, opts ...Option) (Detections, error) {
	c, err := newConfig(opts)
	var d Detections
	if err == nil {
		d, err = c.detections(r)
	}
	if err != nil {
		return Detections{}, fmt.Errorf("vision: decode detections: %w", err)
	}
	return d, nil
}

// WithIoU sets from which intersection over union on two boxes of the same class are one
// object, of which the better one stays. [Detect] has the defaults. Heads that leave no
// object twice, which are ssd and end2end, are not looked at again unless this option is
// given. What is not between 0 and 1 gives [ErrRange].
func WithIoU(threshold float32) Option {
	return func(c *config) error {
		if !(threshold >= 0 && threshold <= 1) {
			return fmt.Errorf("an IoU of %v: it goes from 0 to 1: %w", threshold, ErrRange)
		}
		c.detection.iou = &threshold
		c.results = append(c.results, "WithIoU")
		return nil
	}
}

// detect is Detect for a config.
func (c *config) detect(ctx context.Context, s *coral.Session, img image.Image) (Detections, error) {
	// The boxes of a quantised head move in steps of some pixels, and may take another step
	// for pixels that differ a little; so they are those that pycoral's examples show.
	filter := c.filterOr(Lanczos)
	c.filter = &filter
	fit, err := c.fitForHead(s)
	if err != nil {
		return Detections{}, err
	}
	if c.detection.tiles != nil {
		return c.detectTiled(ctx, s, img, fit)
	}
	r, err := c.run(ctx, s, img, fit)
	if err != nil {
		return Detections{}, err
	}
	return c.detections(r)
}

// fitForHead is the fit of the head that the session's model has, and sets the grey that
// goes with it. A model that tells its outputs' shapes only when it runs is looked at then.
func (c *config) fitForHead(s *coral.Session) (Fit, error) {
	inputs := s.Inputs()
	if len(inputs) != 1 {
		return Stretch, nil // run says what is wrong
	}
	size, err := pictureSize(inputs[0])
	if err != nil {
		return Stretch, err
	}
	o := headOutputs{infos: s.Outputs(), names: s.OutputNames(), width: size.w, height: size.h, model: c.model, labels: len(c.labels)}
	if c.model == nil {
		o.model = s.Model()
	}
	kind, _, err := o.find(c.detection.head)
	if err != nil && !o.open() {
		return Stretch, err
	}
	if !c.fillGiven {
		c.fill = kind.fill
	}
	return kind.fit, nil
}

// detections reads a result.
func (c *config) detections(r Result) (Detections, error) {
	start := time.Now()
	f, err := c.found(r)
	if err != nil {
		return Detections{}, err
	}
	d := c.described(r, f)
	d.Objects, d.Warnings = c.named(f, r.Warnings)
	d.Timing.Decode = time.Since(start)
	return d, nil
}

// described is all but the objects and the warnings.
func (c *config) described(r Result, f found) Detections {
	return Detections{
		Timing: Timing{Preprocess: r.Preprocess, Invoke: r.Invoke}, Placement: r.Placement,
		Normalization: r.Normalization, Head: f.kind.name,
	}
}

// candidate is an object in the making.
type candidate struct {
	box   Box
	score float32
	class int
	// cut: the edge of a tile goes through it.
	cut bool
}

// found is what a head has found, the best first.
type found struct {
	kind       headKind
	candidates []candidate
	classes    int // how many the head has, 0 if that is not known
	output     int // that which the labels belong to
	warnings   []string
}

// found reads a result: the boxes are in pixels of the picture.
func (c *config) found(r Result) (found, error) {
	const largest = 1 << 16
	p := r.Placement
	if p.Width < 1 || p.Height < 1 || p.Width > largest || p.Height > largest || p.Area.Empty() || p.Crop.Empty() {
		return found{}, fmt.Errorf("the result's Placement, %+v, does not say where in an input of 1 to %d pixels the picture is: %w", p, largest, ErrSize)
	}
	if c.model == nil {
		c.model = r.model
	}
	o := headOutputs{names: r.Names, width: p.Width, height: p.Height, model: c.model, labels: len(c.labels)}
	for _, v := range r.Outputs {
		o.infos = append(o.infos, v.TensorInfo)
	}
	kind, h, err := o.find(c.detection.head)
	if err != nil {
		return found{}, err
	}
	f, err := h.read(r.Outputs, o, c.thresholdOr(kind.threshold))
	if err != nil {
		return found{}, err
	}
	f.kind = kind
	f.candidates = possible(f.candidates)
	if iou, ok := c.iouOf(kind); ok {
		f.candidates = suppressed(f.candidates, iou)
	}
	f.candidates = placed(f.candidates, p)
	return f, nil
}

func (c *config) thresholdOr(otherwise float32) float32 {
	if math.IsInf(float64(c.threshold), -1) {
		return otherwise
	}
	return c.threshold
}

// iouOf is not ok for a head that leaves no object twice.
func (c *config) iouOf(kind headKind) (iou float32, ok bool) {
	if c.detection.iou != nil {
		return *c.detection.iou, true
	}
	return kind.iou, kind.iou > 0
}

// placed has the boxes in the picture, without those that are not in it.
func placed(all []candidate, p Placement) []candidate {
	inside := all[:0]
	for _, one := range all {
		if one.box = p.clamped(p.Box(one.box)); one.box.Width() > 0 && one.box.Height() > 0 {
			inside = append(inside, one)
		}
	}
	return inside
}

// named makes objects of the k best candidates, and adds what is to be said of them.
func (c *config) named(f found, warnings []string) ([]Object, []string) {
	if c.topK >= 0 && c.topK < len(f.candidates) {
		f.candidates = f.candidates[:c.topK]
	}
	labels := c.objectLabels(f.output, f.classes)
	objects := make([]Object, 0, len(f.candidates))
	for _, one := range f.candidates {
		objects = append(objects, Object{ID: one.class, Label: labels.of(one.class), Score: one.score, Box: one.box})
	}
	all := append(append([]string(nil), warnings...), f.warnings...)
	return objects, append(all, nonEmpty(labels.warning)...)
}
