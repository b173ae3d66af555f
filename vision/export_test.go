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

// Candidate is what a detector has found.
type Candidate struct {
	Box   Box
	Score float32
	Class int
	Cut   bool
}

func Merged(all []Candidate, iou float32) (out []Candidate) {
	var inside []candidate
	for _, one := range all {
		inside = append(inside, candidate{one.Box, one.Score, one.Class, one.Cut})
	}
	for _, one := range merged(inside, iou) {
		out = append(out, Candidate{one.box, one.score, one.class, one.cut})
	}
	return out
}

func CutBy(b Box, tile, whole image.Rectangle) bool {
	return cutBy([]candidate{{box: b}}, tile, whole)[0].cut
}

func Tiles(width int, overlap float64, part image.Rectangle, inputWidth, inputHeight int) ([]image.Rectangle, error) {
	return tilesConfig{width, overlap}.of(part, inputWidth, inputHeight)
}
