package vision

import (
	"context"
	"fmt"
	"image"
	"math"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/tflite"
)

// FaceResult has the faces in a picture.
type FaceResult struct {
	// Faces has the best first.
	Faces  []Face `json:"faces"`
	Timing `json:"-"`
	// Normalization is what the pixels were turned into, and where it came from.
	Normalization Normalization `json:"-"`
	// Warnings are sentences about what may be wrong, see [Classification].
	Warnings []string `json:"-"`
}

var landmarkNames = [...]string{"right_eye", "left_eye", "nose", "mouth", "right_ear", "left_ear"}

const (
	leastFaceScore = 0.5 // the default threshold
	sameFace       = 0.3 // boxes whose IoU is greater are of one face
	clippedScore   = 100 // what a score is cut off at before the exponential
)

var facing = task[FaceResult]{name: "faces", fit: Letterbox, usual: &symmetric, decode: (*config).faces}

// Faces finds faces in a picture with BlazeFace, as MediaPipe does: of the models
// face_detection_short_range or _front (128 pixels) and _back (256), whose outputs are
// [1, 896, 16] and [1, 896, 1], and _full_range (192) with [1, 2304, 16] and [1, 2304, 1].
// Boxes of one face, whose IoU is above 0.3, become one, the mean weighted by their scores.
//
// Faces with a score below 0.5 are left out, or below that of [WithThreshold]; [WithTopK] keeps
// the best. [Letterbox] is the default, see [WithFit]. Float inputs take -1 to 1 unless the
// model or an option tells otherwise. Boxes end at the picture's edges. Other options and
// errors are those of [Classify].
func Faces(ctx context.Context, s *coral.Session, img image.Image, opts ...Option) (FaceResult, error) {
	result, timing, err := facing.perform(ctx, s, img, opts)
	result.Timing = timing
	return result, err
}

// DecodeFaces is the second half of [Faces]: it reads what [Run] returned.
func DecodeFaces(r Result, opts ...Option) (FaceResult, error) {
	return facing.decoded(r, opts)
}

func (c *config) faces(r Result) (FaceResult, error) {
	head, err := findBlazeFace(r)
	if err != nil {
		return FaceResult{}, err
	}
	found := mergedFaces(head.faces(c.atLeast(leastFaceScore)))
	faces := make([]Face, 0, len(found))
	for _, f := range found[:c.best(len(found))] {
		faces = append(faces, f.in(r.Placement))
	}
	return FaceResult{Faces: faces, Normalization: r.Normalization, Warnings: r.Warnings}, nil
}

// anchorLayer is a grid of square cells over the input, with some anchors in the middle of
// each.
type anchorLayer struct{ side, anchors int }

// anchorLayers are those of the models, by their number of anchors. The short and the back
// model differ in their input's size and their strides, and have the same anchors.
var anchorLayers = map[int][]anchorLayer{
	896:  {{16, 2}, {8, 6}},
	2304: {{48, 1}},
}

// blazeFace is what a model puts out: for each anchor a score, a box and landmarks.
type blazeFace struct {
	layers          []anchorLayer
	scores, numbers []float32
	width, height   float32 // of the input
}

// faceNumbers are the centre and size of a box, and a place for each landmark.
const faceNumbers = 4 + 2*len(landmarkNames)

func findBlazeFace(r Result) (b blazeFace, err error) {
	for anchors, layers := range anchorLayers {
		numbers, scores := outputOf(r.Outputs, anchors, faceNumbers), outputOf(r.Outputs, anchors, 1)
		if numbers < 0 || scores < 0 {
			continue
		}
		b = blazeFace{layers: layers, width: float32(r.Placement.Width), height: float32(r.Placement.Height)}
		if b.numbers, err = realNumbers(r.Outputs[numbers]); err == nil {
			b.scores, err = realNumbers(r.Outputs[scores])
		}
		return b, err
	}
	return b, fmt.Errorf("%w: its outputs are %s; BlazeFace's are [1 896 16] and [1 896 1], or [1 2304 16] and [1 2304 1]", ErrModel, outputShapes(r.Outputs))
}

// outputOf is the output with that many rows and columns, -1 if there is none.
func outputOf(outputs []tflite.Value, rows, columns int) int {
	for k, v := range outputs {
		if endsWith(v.Shape, rows, columns) && hasValues(v, rows*columns) {
			return k
		}
	}
	return -1
}

// faces are those with a score of at least threshold, in the order of the anchors.
func (b blazeFace) faces(threshold float32) (found []rawFace) {
	least := float32(logitOf(float64(threshold)))
	k := 0
	for _, l := range b.layers {
		for cell := range l.side * l.side {
			x, y := (float32(cell%l.side)+0.5)/float32(l.side), (float32(cell/l.side)+0.5)/float32(l.side)
			for range l.anchors {
				if logit := b.scores[k]; logit >= least {
					if f := b.face(k, x, y); f.finite() {
						found = append(found, f)
					}
				}
				k++
			}
		}
	}
	return found
}

// face is what anchor k, at that place, says.
func (b blazeFace) face(k int, x, y float32) rawFace {
	n := b.numbers[k*faceNumbers:][:faceNumbers]
	cx, cy, w, h := n[0]/b.width+x, n[1]/b.height+y, n[2]/b.width, n[3]/b.height
	logit := min(max(float64(b.scores[k]), -clippedScore), clippedScore)
	f := rawFace{score: float32(logistic(logit)), box: Box{cx - w/2, cy - h/2, cx + w/2, cy + h/2}}
	for l := range f.landmarks {
		f.landmarks[l] = [2]float32{n[4+2*l]/b.width + x, n[5+2*l]/b.height + y}
	}
	return f
}

// rawFace is a face in the input, whose coordinates go from 0 to 1.
type rawFace struct {
	score     float32
	box       Box
	landmarks [len(landmarkNames)][2]float32
}

// finite also leaves out boxes without an area, and those that no picture has.
func (f rawFace) finite() bool {
	for _, l := range f.landmarks {
		if !within(l[0]) || !within(l[1]) {
			return false
		}
	}
	b := f.box
	return within(b.XMin) && within(b.YMin) && within(b.XMax) && within(b.YMax) && b.Width() > 0 && b.Height() > 0
}

// within reports whether a coordinate is a number, and not absurd.
func within(x float32) bool { return math.Abs(float64(x)) < extreme }

// in is the face in the picture.
func (f rawFace) in(p Placement) Face {
	face := Face{Score: f.score, Box: p.clamped(p.Box(f.box)), Landmarks: make([]Keypoint, len(f.landmarks))}
	for k, l := range f.landmarks {
		x, y := p.fraction(l[0], l[1])
		face.Landmarks[k] = Keypoint{Name: landmarkNames[k], X: x, Y: y, Score: 1}
	}
	return face
}
