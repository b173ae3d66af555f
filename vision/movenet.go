package vision

import "github.com/gocoral/coral/tflite"

// leastKeypointScore is what a keypoint of MoveNet needs to count for its person, as in
// TensorFlow.js.
const leastKeypointScore = 0.2

// singlePose reads y, x and score of each keypoint.
func singlePose(v tflite.Value) ([]person, error) {
	x, err := realNumbers(v)
	if err != nil {
		return nil, err
	}
	p := person{joints: jointsOf(x)}
	count := 0
	for _, j := range p.joints {
		if j.score > leastKeypointScore {
			p.score += j.score
			count++
		}
	}
	p.score /= float32(max(count, 1))
	return []person{p}, nil
}

// multiPoseSize is 17 keypoints of three numbers, a box of four, and the score.
const multiPoseSize = 17*3 + 5

// isPoseList tells MoveNet, which finds six persons at most, from detectors that have
// thousands of candidates with as many numbers for each.
func isPoseList(shape []int) bool {
	return len(shape) == 2 && shape[0] <= 100 || len(shape) == 3 && shape[0] == 1 && shape[1] <= 100
}

// multiPose reads the persons. Their boxes are left out: they hold the keypoints.
func multiPose(v tflite.Value) ([]person, error) {
	x, err := realNumbers(v)
	if err != nil {
		return nil, err
	}
	persons := make([]person, len(x)/multiPoseSize)
	for k := range persons {
		one := x[k*multiPoseSize:][:multiPoseSize]
		persons[k] = person{score: one[multiPoseSize-1], joints: jointsOf(one)}
	}
	return persons, nil
}

// jointsOf reads y, x and score of each keypoint.
func jointsOf(x []float32) (joints [keypointCount]joint) {
	for k := range joints {
		joints[k] = joint{y: x[3*k], x: x[3*k+1], score: x[3*k+2]}
	}
	return joints
}
