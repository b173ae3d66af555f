package annotate

import "image"

// Texts are where text stands.
func (c *Canvas) Texts() []image.Rectangle {
	if !c.usable() {
		return nil
	}
	c.writeLabels()
	return c.texts
}
