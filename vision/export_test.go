package vision

import (
	"bytes"
	"image"
)

// Resize lets tests look at what goes into a model.
var Resize = resize

// SplitJPEG decodes a file by its components, also one for which that is not needed.
func SplitJPEG(file []byte) (image.Image, error) {
	s := newSource(bytes.NewReader(file))
	h, err := readJPEGHeader(s)
	if err != nil {
		return nil, err
	}
	return decodeSplit(s, h, 1<<24)
}
