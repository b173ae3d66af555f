package annotate

import (
	"image/color"

	"github.com/gocoral/coral/vision"
)

// bones are the joints that a person's limbs join, by their place in [vision.Pose].
var bones = [][2]int{
	{0, 1}, {0, 2}, {1, 3}, {2, 4}, // nose, eyes, ears
	{5, 6}, {5, 7}, {7, 9}, {6, 8}, {8, 10}, // shoulders, arms
	{5, 11}, {6, 12}, {11, 12}, // body
	{11, 13}, {13, 15}, {12, 14}, {14, 16}, // legs
}

// joints is how many keypoints a person has for whom bones are known.
const joints = 17

// sure is the score from which on a keypoint is drawn.
const sure = 0.2

// Poses draws the joints of each person and, of the 17 of COCO, the limbs between them.
// Joints with a score below 0.2 are left out.
func (c *Canvas) Poses(poses []vision.Pose) {
	if !c.usable() {
		return
	}
	for k, p := range poses {
		if len(p.Keypoints) == joints {
			c.bones(p.Keypoints, colourOf(k))
		}
		for _, joint := range p.Keypoints {
			c.dot(joint, white)
		}
	}
}

func (c *Canvas) bones(joints []vision.Keypoint, with color.RGBA) {
	draw := func(wider float64, with color.RGBA) {
		for _, bone := range bones {
			a, b := joints[bone[0]], joints[bone[1]]
			if visible(a) && visible(b) {
				c.line(c.part(a.X, a.Y), c.part(b.X, b.Y), 2.5*c.unit+wider, with)
			}
		}
	}
	outlined(draw, .75*c.unit, with)
}

func (c *Canvas) dot(k vision.Keypoint, with color.RGBA) {
	if visible(k) {
		at := c.part(k.X, k.Y)
		outlined(func(wider float64, with color.RGBA) { c.disc(at, 1.75*c.unit+wider/2, with) }, .75*c.unit, with)
	}
}

// visible reports whether a keypoint is sure, and in the picture or near it.
func visible(k vision.Keypoint) bool {
	return k.Score >= sure && -.5 <= k.X && k.X <= 1.5 && -.5 <= k.Y && k.Y <= 1.5
}
