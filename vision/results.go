package vision

import (
	"image"
	"time"
)

// Timing is how long the parts of a task took. Waiting for a free interpreter is in neither.
type Timing struct {
	// Preprocess is the time taken to scale the picture and write it to the input, Invoke
	// that of the model's run, Decode that of reading the outputs.
	Preprocess, Invoke, Decode time.Duration
}

// Object is something that a detector has found.
type Object struct {
	// ID is the model's number for the kind of object.
	ID int `json:"id"`
	// Label is the name of the kind, see [Labels.Name].
	Label string `json:"label"`
	// Score is how sure the model is, from 0 to 1.
	Score float32 `json:"score"`
	Box   Box     `json:"box"`
}

// Keypoint is a named place in a picture: a joint of a person, a landmark of a face.
type Keypoint struct {
	Name string `json:"name"`
	// X and Y are the place in the picture, from 0 at its left and upper edge to 1 at the
	// right and lower edge.
	X float32 `json:"x"`
	Y float32 `json:"y"`
	// Score is how sure the model is, from 0 to 1; 1 where the model does not tell.
	Score float32 `json:"score"`
}

// Pose is a person, by the keypoints of COCO in their order: nose, eyes, ears, shoulders,
// elbows, wrists, hips, knees, ankles, the left one of each before the right one.
type Pose struct {
	Score     float32    `json:"score"`
	Keypoints []Keypoint `json:"keypoints"`
}

// Face is a face that was found.
type Face struct {
	Score float32 `json:"score"`
	Box   Box     `json:"box"`
	// Landmarks are right eye, left eye, nose, mouth, right ear and left ear, as seen from
	// the person.
	Landmarks []Keypoint `json:"landmarks"`
}

// ClassMap has a class for each pixel of a part of a picture.
type ClassMap struct {
	// Width and Height are those of IDs, which has Width times Height classes in rows.
	Width, Height int
	IDs           []uint16
	// Part is the part of the picture that the map covers, in pixels from the picture's
	// upper left corner.
	Part image.Rectangle
}

// ClassShare is how much of a picture a class covers.
type ClassShare struct {
	ID    int    `json:"id"`
	Label string `json:"label"`
	// Fraction is the part of the map's pixels, from 0 to 1.
	Fraction float32 `json:"fraction"`
}
