package annotate

import "github.com/gocoral/coral/vision"

// Faces draws a box around each face, with its score, and a dot at each of its landmarks.
func (c *Canvas) Faces(faces []vision.Face) {
	all := make([]boxed, len(faces))
	for k, f := range faces {
		all[k] = boxed{f.Box, f.Score, "", colourOf(k)}
	}
	c.boxes(all)
	if !c.usable() {
		return
	}
	for k, f := range faces {
		for _, landmark := range f.Landmarks {
			c.dot(landmark, colourOf(k))
		}
	}
}
