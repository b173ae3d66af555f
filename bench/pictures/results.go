package main

import (
	"context"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
)

// results compares what models make of pictures by each filter with what they make of them
// by Lanczos.
func results(ctx context.Context, folder string, models []string) error {
	pictures, err := load(folder)
	if err != nil {
		return err
	}
	fmt.Printf("%d pictures and five parts of each, next to Lanczos\n", len(pictures))
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "model\tfilter\tright\tsame best\twhere Lanczos is sure\tmean best score\tdifference in the best's: mean\tlargest\t\n")
	for _, model := range models {
		for k, d := range make([]difference, len(filters)) {
			if err := d.measure(ctx, model, pictures, filters[k]); err != nil {
				return fmt.Errorf("%s: %w", model, err)
			}
			fmt.Fprintf(w, "%s\t%v\t%d of %d\t%d of %d\t%d of %d\t%.4f\t%.4f\t%.4f\t\n", filepath.Base(model), filters[k],
				d.right, d.known, d.same, d.shown, d.sameSure, d.sure, d.best/float64(d.shown), d.off/float64(d.shown), d.largest)
		}
	}
	return w.Flush()
}

// classes are those of ImageNet, counted from a background, that are right for pictures of
// Coral's test data.
var classes = map[string][]int{
	"bird.bmp": {20}, "cat.bmp": {282, 283, 286}, "cat_1080p.jpg": {282, 283, 286}, "dragonfly.bmp": {320},
	"owl.jpg": {25}, "parrot.jpg": {89}, "sunflower.bmp": {986},
}

const imageNet = 1001

// picture is one with the classes that are right, if they are known.
type picture struct {
	image.Image
	classes []int
}

// load reads all pictures of a folder.
func load(folder string) ([]picture, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var all []picture
	for _, e := range entries {
		img, err := vision.Load(filepath.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, picture{img, classes[e.Name()]})
	}
	return all, nil
}

// parts are the whole of a picture, and four fifths of it in five places.
func parts(size image.Point) []image.Rectangle {
	part := image.Rectangle{Max: size.Mul(4).Div(5)}
	rest := size.Sub(part.Max)
	all := []image.Rectangle{{Max: size}, part.Add(rest.Div(2))}
	for _, corner := range []image.Point{{}, {X: rest.X}, {Y: rest.Y}, rest} {
		all = append(all, part.Add(corner))
	}
	return all
}

// difference is how a filter differs from Lanczos.
type difference struct {
	shown, same int
	// right counts pictures whose best class is one that is known to be right.
	known, right int
	// sure counts pictures whose best score by Lanczos is at least half.
	sure, sameSure     int
	best, off, largest float64
}

func (d *difference) measure(ctx context.Context, model string, pictures []picture, f vision.Filter) error {
	s, err := coral.Open(model, coral.WithPolicy(coral.CPUOnly))
	if err != nil {
		return err
	}
	defer s.Close()
	for _, img := range pictures {
		for _, part := range parts(img.Bounds().Size()) {
			want, err := outputs(ctx, s, img.Image, vision.WithCrop(part), vision.WithFilter(vision.Lanczos))
			if err != nil {
				return err
			}
			got, err := outputs(ctx, s, img.Image, vision.WithCrop(part), vision.WithFilter(f))
			if err != nil {
				return err
			}
			d.add(want, got)
			if len(got) == imageNet && len(img.classes) > 0 {
				d.known++
				if slices.Contains(img.classes, slices.Index(got, slices.Max(got))) {
					d.right++
				}
			}
		}
	}
	return nil
}

// outputs are the numbers of the model's first output. Integers without quantisation, such
// as numbers of classes, are taken as they are.
func outputs(ctx context.Context, s *coral.Session, img image.Image, opts ...vision.Option) ([]float32, error) {
	r, err := vision.Run(ctx, s, img, opts...)
	if err != nil {
		return nil, err
	}
	v := r.Outputs[0]
	if !v.Quantization.Quantized() {
		switch data := v.Data.(type) {
		case []uint8:
			return real(data), nil
		case []int64:
			return real(data), nil
		}
	}
	return v.Float32()
}

func real[T uint8 | int64](data []T) []float32 {
	out := make([]float32, len(data))
	for k, x := range data {
		out[k] = float32(x)
	}
	return out
}

func (d *difference) add(want, got []float32) {
	const half = 0.5
	top := slices.Index(want, slices.Max(want))
	same := got[top] == slices.Max(got)
	d.shown++
	if same {
		d.same++
	}
	if want[top] >= half {
		d.sure++
		if same {
			d.sameSure++
		}
	}
	d.best += float64(slices.Max(got))
	off := math.Abs(float64(want[top] - got[top]))
	d.off += off
	d.largest = max(d.largest, off)
}
