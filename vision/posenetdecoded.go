package vision

import (
	"fmt"

	"github.com/gocoral/coral/tflite"
)

// isDecodedPoseNet tells the outputs of the operator PosenetDecoderOp by their shapes. A
// fifth one has masks.
func isDecodedPoseNet(out []tflite.Value) bool {
	if len(out) != 4 && len(out) != 5 || !endsWith(out[0].Shape, 17, 2) {
		return false
	}
	n, ok := elements(out[0].Shape)
	n /= 17 * 2
	return ok && endsWith(out[1].Shape, 17) && hasValues(out[1], 17*n) && hasValues(out[2], n) && hasValues(out[3], 1)
}

// decodedPoseNet reads what the operator puts out: y and x in pixels of the input, scores, and
// how many persons there are.
func decodedPoseNet(r Result) ([]person, error) {
	var out [4][]float32
	for k := range out {
		var err error
		if out[k], err = realNumbers(r.Outputs[k]); err != nil {
			return nil, err
		}
	}
	places, scores, persons, count := out[0], out[1], out[2], out[3][0]
	if !(count >= 0 && count <= float32(len(persons))) {
		return nil, fmt.Errorf("%w: output %q says that there are %v persons, %q has room for %d", ErrModel, r.Outputs[3].Name, count, r.Outputs[2].Name, len(persons))
	}
	found := make([]person, int(count))
	for k := range found {
		found[k].score = persons[k]
		for j := range keypointCount {
			at := k*keypointCount + j
			found[k].joints[j] = joint{
				y: places[2*at] / float32(r.Placement.Height), x: places[2*at+1] / float32(r.Placement.Width), score: scores[at],
			}
		}
	}
	return found, nil
}
