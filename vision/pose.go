package vision

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"slices"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/tflite"
)

// PoseResult has the persons in a picture.
type PoseResult struct {
	// Poses has the best first.
	Poses  []Pose `json:"poses"`
	Timing `json:"-"`
	// Normalization is what the pixels were turned into, and where it came from.
	Normalization Normalization `json:"-"`
	// Warnings are sentences about what may be wrong, see [Classification].
	Warnings []string `json:"-"`
}

// keypoints are those of COCO, in their order.
var keypointNames = [...]string{
	"nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
	"left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
}

const keypointCount = len(keypointNames)

// leastPoseScore is the default threshold, which is that of TensorFlow.js for MoveNet.
const leastPoseScore = 0.25

// symmetric is -1 to 1, which models for float pictures of MediaPipe and PoseNet want.
var symmetric = Normalization{Mean: []float64{127.5}, Std: []float64{127.5}, Source: FromTask}

var posing = task[PoseResult]{name: "poses", fit: Letterbox, usual: &symmetric, decode: (*config).poses}

// Poses finds persons in a picture by their joints. The model is told by the shapes of its
// outputs:
//
//   - MoveNet for one person, [1, 1, 17, 3]. The model has no score for the person; it is the
//     mean of its keypoints' scores above 0.2, as in TensorFlow.js;
//   - MoveNet for several persons, [1, 6, 56];
//   - PoseNet, in which persons are found as libcoral's decoder does it: heatmaps
//     [1, h, w, 17], offsets [1, h, w, 34] and displacements, either [1, h, w, 64] or twice
//     [1, h, w, 32], forwards first unless the names tell. The offsets are in pixels;
//   - Coral's PoseNet with the decoder as its last operator: keypoints [1, n, 17, 2] in pixels
//     of the input, their scores [1, n, 17], scores of the persons [1, n], and the count.
//     TensorFlow Lite does not have that operator: [model.Model.WithoutLast] gives a model
//     without it, which coral.OpenBytes opens, and which is the kind before.
//
// Poses with a score below 0.25 are left out, or below that of [WithThreshold]; [WithTopK]
// keeps the best, at most 20 with PoseNet. [Letterbox] is the default, see [WithFit]. Float
// inputs take -1 to 1 unless the model or an option tells otherwise. Other options and errors
// are those of [Classify].
func Poses(ctx context.Context, s *coral.Session, img image.Image, opts ...Option) (PoseResult, error) {
	result, timing, err := posing.perform(ctx, s, img, opts)
	result.Timing = timing
	return result, err
}

// DecodePoses is the second half of [Poses]: it reads what [Run] returned.
func DecodePoses(r Result, opts ...Option) (PoseResult, error) {
	return posing.decoded(r, opts)
}

func (c *config) poses(r Result) (PoseResult, error) {
	read := poseReader(r.Outputs)
	if read == nil {
		return PoseResult{}, fmt.Errorf("%w: its outputs are %s; MoveNet's is [1 1 17 3] or [1 6 56], PoseNet's are [1 h w 17], [1 h w 34] and [1 h w 64] or twice [1 h w 32], with Coral's decoder [1 n 17 2], [1 n 17], [1 n] and [1]",
			ErrModel, outputShapes(r.Outputs))
	}
	found, err := read(r, c.atLeast(leastPoseScore))
	if err != nil {
		return PoseResult{}, err
	}
	poses := make([]Pose, 0, len(found))
	for _, p := range found {
		if p.score >= c.atLeast(leastPoseScore) && p.finite() {
			poses = append(poses, p.in(r.Placement))
		}
	}
	slices.SortStableFunc(poses, func(a, b Pose) int { return cmp.Compare(b.Score, a.Score) })
	return PoseResult{Poses: poses[:c.best(len(poses))], Normalization: r.Normalization, Warnings: r.Warnings}, nil
}

// joint is a keypoint in the input, with x and y from 0 to 1.
type joint struct{ x, y, score float32 }

// person is a pose in the input.
type person struct {
	score  float32
	joints [keypointCount]joint
}

func (p person) finite() bool {
	for _, j := range p.joints {
		if !finite(j.x, j.y, j.score) {
			return false
		}
	}
	return finite(p.score)
}

// in is the pose in the picture.
func (p person) in(placement Placement) Pose {
	pose := Pose{Score: p.score, Keypoints: make([]Keypoint, keypointCount)}
	for k, j := range p.joints {
		x, y := placement.fraction(j.x, j.y)
		pose.Keypoints[k] = Keypoint{Name: keypointNames[k], X: x, Y: y, Score: j.score}
	}
	return pose
}

// poseReader is the function that reads outputs of these shapes, nil for those of no model
// that is known here.
func poseReader(outputs []tflite.Value) func(r Result, threshold float32) ([]person, error) {
	switch {
	case len(outputs) == 0:
		return nil
	case len(outputs) == 1 && endsWith(outputs[0].Shape, 17, 3) && hasValues(outputs[0], 17*3):
		return func(r Result, _ float32) ([]person, error) { return singlePose(r.Outputs[0]) }
	case len(outputs) == 1 && endsWith(outputs[0].Shape, multiPoseSize) && isPoseList(outputs[0].Shape):
		return func(r Result, _ float32) ([]person, error) { return multiPose(r.Outputs[0]) }
	case isDecodedPoseNet(outputs):
		return func(r Result, _ float32) ([]person, error) { return decodedPoseNet(r) }
	}
	if heads, ok := findPoseNet(outputs); ok {
		return heads.decode
	}
	return nil
}

// endsWith reports whether these are the last dimensions of a shape.
func endsWith(shape []int, dims ...int) bool {
	return len(shape) >= len(dims) && slices.Equal(shape[len(shape)-len(dims):], dims)
}

// hasValues reports whether an output has n values by its shape.
func hasValues(v tflite.Value, n int) bool {
	count, ok := elements(v.Shape)
	return ok && count == n
}
