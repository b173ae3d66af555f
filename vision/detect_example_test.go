package vision_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"log"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// The model of this example finds squares of red, green and blue in a grid of 4 by 4.
func ExampleDetect() {
	s, err := coral.OpenBytes(edgetputest.Detector(), coral.WithPolicy(coral.CPUOnly))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	img := image.NewRGBA(image.Rect(0, 0, 640, 480))
	draw.Draw(img, img.Rect, image.Black, image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(160, 240, 320, 360), image.NewUniform(color.RGBA{G: 255, A: 255}), image.Point{}, draw.Src)

	labels := vision.Labels{0: "red", 1: "green", 2: "blue"}
	found, err := vision.Detect(context.Background(), s, img, vision.WithLabels(labels), vision.WithThreshold(0.9))
	if err != nil {
		log.Fatal(err)
	}
	for _, o := range found.Objects {
		fmt.Printf("%s %.1f at %.0f\n", o.Label, o.Score, o.Box)
	}
	// Output: green 1.0 at {160 240 320 360}
}

// The outputs need not come from Detect.
func ExampleDecodeDetections() {
	// One object in the third of the 21 cells of an input of 32 by 32 pixels: its centre and
	// size in parts of the input, and the scores of two classes.
	head := make([]float32, 6*21)
	for k, x := range []float32{0.5, 0.25, 0.2, 0.3, 0.1, 0.8} {
		head[k*21+2] = x
	}
	r := vision.Result{
		Outputs: []tflite.Value{{
			TensorInfo: tflite.TensorInfo{Name: "output", Type: tflite.TypeFloat32, Shape: []int{1, 6, 21}},
			Data:       head,
		}},
		Placement: vision.Placement{ // a picture of 200 by 100, above and below it grey
			Crop: image.Rect(0, 0, 200, 100), Width: 32, Height: 32, Area: image.Rect(0, 8, 32, 24),
		},
	}
	found, err := vision.DecodeDetections(r, vision.WithLabels(vision.Labels{0: "cat", 1: "dog"}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.Head)
	for _, o := range found.Objects {
		fmt.Printf("%s %.1f at %.0f\n", o.Label, o.Score, o.Box)
	}
	// Output:
	// yolov8
	// dog 0.8 at {80 0 120 30}
}
