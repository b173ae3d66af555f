package vision_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"log"
	"math"
	"os"
	"path/filepath"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// flagOfThree has a red, a white and a blue part of 40 by 60 pixels.
func flagOfThree() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 120, 60))
	for k, c := range []color.Color{red, white, blue} {
		draw.Draw(img, image.Rect(40*k, 0, 40*k+40, 60), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return img
}

// The model of this example has three classes for each place: how red, green and blue it is.
func ExampleSegment() {
	s, err := coral.Open("testdata/brightness.tflite", coral.WithPolicy(coral.CPUOnly))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	img := image.NewRGBA(image.Rect(0, 0, 640, 480))
	draw.Draw(img, img.Rect, image.NewUniform(color.RGBA{R: 255, A: 255}), image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(0, 0, 160, 480), image.NewUniform(color.RGBA{B: 255, A: 255}), image.Point{}, draw.Src)

	result, err := vision.Segment(context.Background(), s, img, vision.WithLabels(vision.Labels{0: "red", 1: "green", 2: "blue"}))
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range result.Classes {
		fmt.Printf("%s %.0f%%\n", c.Label, 100*c.Fraction)
	}
	fmt.Println(result.Map.At(100, 400)) // in pixels of the picture
	// Output:
	// red 75%
	// blue 25%
	// 2 true
}

// A decoder reads outputs from wherever they come: here those of a MoveNet for a picture of
// 640 by 480 pixels in the upper part of its input.
func ExampleDecodePoses() {
	out := make([]float32, 17*3)
	for k := range 17 {
		out[3*k], out[3*k+1], out[3*k+2] = 0.3, 0.5, 0.9 // y, x, score
	}
	result, err := vision.DecodePoses(vision.Result{
		Outputs: []tflite.Value{{
			TensorInfo: tflite.TensorInfo{Name: "output_0", Type: tflite.TypeFloat32, Shape: []int{1, 1, 17, 3}},
			Data:       out,
		}},
		Placement: vision.Placement{
			Picture: image.Pt(640, 480), Crop: image.Rect(0, 0, 640, 480),
			Width: 192, Height: 192, Area: image.Rect(0, 0, 192, 144),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, pose := range result.Poses {
		nose := pose.Keypoints[0]
		fmt.Printf("%.1f %s %.2f %.2f\n", pose.Score, nose.Name, nose.X, nose.Y)
	}
	// Output: 0.9 nose 0.50 0.40
}

// A face in the middle of the first cell of a BlazeFace.
func ExampleDecodeFaces() {
	numbers, scores := make([]float32, 896*16), make([]float32, 896)
	for k := range scores {
		scores[k] = float32(math.Inf(-1))
	}
	scores[0] = 3                 // which is 0.95, see sigmoid
	numbers[2], numbers[3] = 8, 8 // width and height in pixels of the input
	output := func(shape []int, data []float32) tflite.Value {
		return tflite.Value{TensorInfo: tflite.TensorInfo{Type: tflite.TypeFloat32, Shape: shape}, Data: data}
	}
	result, err := vision.DecodeFaces(vision.Result{
		Outputs: []tflite.Value{output([]int{1, 896, 16}, numbers), output([]int{1, 896, 1}, scores)},
		Placement: vision.Placement{
			Picture: image.Pt(640, 640), Crop: image.Rect(0, 0, 640, 640),
			Width: 128, Height: 128, Area: image.Rect(0, 0, 128, 128),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range result.Faces {
		fmt.Printf("%.2f %v\n", f.Score, f.Box)
	}
	// Output: 0.95 {0 0 40 40}
}

// Three pictures of one colour each are what the gallery knows.
func ExampleGallery() {
	s, err := coral.Open("testdata/colours.tflite", coral.WithPolicy(coral.CPUOnly))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	dir, err := os.MkdirTemp("", "gallery")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	gallery, err := vision.OpenGallery(filepath.Join(dir, "colours.json"), "colours.tflite")
	if err != nil {
		log.Fatal(err)
	}
	for name, c := range map[string]color.Color{"tomato": red, "leaf": green, "sky": blue} {
		known, err := vision.Embed(context.Background(), s, plain(c))
		if err != nil {
			log.Fatal(err)
		}
		if err := gallery.Add(name, known.Vector); err != nil {
			log.Fatal(err)
		}
	}

	orange, err := vision.Embed(context.Background(), s, plain(color.RGBA{255, 102, 0, 255}))
	if err != nil {
		log.Fatal(err)
	}
	matches, err := gallery.Search(orange.Vector, 2)
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range matches {
		fmt.Printf("%s %.2f\n", m.Name, m.Score)
	}
	// Output:
	// tomato 0.93
	// leaf 0.37
}

// Each object of a detector is shown to a classifier.
func ExampleCascade() {
	s, err := coral.Open("testdata/colours.tflite", coral.WithPolicy(coral.CPUOnly))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	img := flagOfThree()
	found := []vision.Object{{Box: vision.Box{XMin: 85, YMin: 10, XMax: 115, YMax: 50}}, {Box: vision.Box{XMin: 5, YMin: 10, XMax: 35, YMax: 50}}}

	labels := vision.Labels{0: "red", 1: "green", 2: "blue"}
	named, err := vision.Cascade(context.Background(), img, found, vision.Region{Margin: 0.1},
		func(ctx context.Context, _ vision.Object, crop vision.Option) (vision.Classification, error) {
			return vision.Classify(ctx, s, img, crop, vision.WithTopK(1), vision.WithLabels(labels))
		})
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range named {
		if n.Err != nil {
			log.Fatal(n.Err)
		}
		fmt.Println(n.Part, n.Value.Classes[0].Label)
	}
	// Output:
	// (82,6)-(118,54) blue
	// (2,6)-(38,54) red
}
