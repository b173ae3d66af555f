//go:build race

package vision_test

const raceDetector = true
