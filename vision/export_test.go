package vision

import (
	"bytes"
	"image"
)

// Resize lets tests look at what goes into a model: w by h pixels of c channels.
func Resize(img image.Image, w, h, c int) ([]uint8, error) {
	return ResizeBy(Lanczos, img, w, h, c)
}

// ResizeBy is Resize by another filter.
func ResizeBy(f Filter, img image.Image, w, h, c int) (pix []uint8, err error) {
	defer func() {
		if r := recover(); r != nil {
			pix, err = nil, ErrDamaged
		}
	}()
	if err := checkImage(img); err != nil {
		return nil, err
	}
	in := &Input{size: inputSize{w: w, h: h, c: c}, filter: f, c: new(config)}
	all := image.Rectangle{Max: img.Bounds().Size()}
	s := new(showing)
	s.begin(in, img, Stretch.place(all, w, h))
	defer s.end()
	pix = make([]uint8, w*h*c)
	for y := range s.h {
		for k, row := range s.row(y) {
			for x, p := range row {
				if k < c {
					pix[s.first+y*s.dy+k*s.dc+x*s.dx] = p
				}
			}
		}
	}
	return pix, nil
}

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
