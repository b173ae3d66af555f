package vision_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"log"
	"strings"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// The model of this example has three classes: how red, green and blue a picture is.
func Example() {
	s, err := coral.Open("testdata/colours.tflite", coral.WithPolicy(coral.CPUOnly))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	labels, err := vision.ParseLabels(strings.NewReader("red\ngreen\nblue\n"))
	if err != nil {
		log.Fatal(err)
	}
	img, err := vision.Load("testdata/orange.webp")
	if err != nil {
		log.Fatal(err)
	}

	result, err := vision.Classify(context.Background(), s, img, vision.WithLabels(labels), vision.WithTopK(2))
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range result.Classes {
		fmt.Printf("%.1f %s\n", c.Score, c.Label)
	}
	// Output:
	// 0.8 red
	// 0.5 green
}

// Pictures need not come from files.
func ExampleClassify() {
	s, err := coral.Open("testdata/colours.tflite", coral.WithPolicy(coral.CPUOnly))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	img := image.NewRGBA(image.Rect(0, 0, 640, 480))
	draw.Draw(img, img.Rect, image.NewUniform(color.RGBA{B: 255, A: 255}), image.Point{}, draw.Src)

	result, err := vision.Classify(context.Background(), s, img, vision.WithThreshold(0.5))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Classes)
	// Output: [{2 1 2}]
}

// SetInput serves models of every kind.
func ExampleSetInput() {
	s, err := coral.Open("testdata/colours.tflite", coral.WithPolicy(coral.CPUOnly))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	img, err := vision.Load("testdata/orange.webp")
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	scores := make([]float32, 3)
	err = s.Do(ctx, func(i *tflite.Interpreter) error {
		in, err := i.Input(0)
		if err != nil {
			return err
		}
		if err := vision.SetInput(in, img); err != nil {
			return err
		}
		if err := i.Invoke(ctx); err != nil {
			return err
		}
		out, err := i.Output(0)
		if err != nil {
			return err
		}
		return out.ReadFloat32(scores)
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.1f\n", scores)
	// Output: [0.8 0.5 0.2]
}

func ExampleLoad() {
	img, err := vision.Load("testdata/turned.webp") // 16 by 32 pixels in the file
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(img.Bounds())

	_, err = vision.Load("doc.go")
	fmt.Println(err)
	// Output:
	// (0,0)-(32,16)
	// vision: load: doc.go: not a picture this program can read: it is none of PNG, JPEG, BMP, GIF, WebP
}

func ExampleTopClasses() {
	scores := []float32{0.1, 0.7, 0.05, 0.15}
	fmt.Println(vision.TopClasses(scores, 2, 0))
	fmt.Println(vision.TopClasses(scores, -1, 0.5))
	// Output:
	// [{1 0.7 } {3 0.15 }]
	// [{1 0.7 }]
}

func ExampleParseLabels() {
	rows, err := vision.ParseLabels(strings.NewReader("7 up\ncola\n"))
	fmt.Println(rows, err)
	numbered, err := vision.ParseLabels(strings.NewReader("0: cat\n7: dog\n"))
	fmt.Println(numbered, err)
	// Output:
	// map[0:7 up 1:cola] <nil>
	// map[0:cat 7:dog] <nil>
}

// A class that the file does not have goes by its number.
func ExampleLabels_Name() {
	labels := vision.Labels{0: "cat", 1: "dog"}
	fmt.Println(labels.Name(1))
	fmt.Println(labels.Name(2))
	// Output:
	// dog true
	// 2 false
}

// Files of several kinds have labels.
func ExampleParseLabels_kinds() {
	for _, text := range []string{
		"names:\n  0: cat\n  1: dog\n",
		`{"cat": 0, "dog": 1}`,
		"item { id: 0 name: 'cat' }\nitem { id: 1 name: 'dog' }\n",
		"id,name\n0,cat\n1,dog\n",
	} {
		fmt.Println(vision.ParseLabels(strings.NewReader(text)))
	}
	// Output:
	// map[0:cat 1:dog] <nil>
	// map[0:cat 1:dog] <nil>
	// map[0:cat 1:dog] <nil>
	// map[0:cat 1:dog] <nil>
}

// One label too many shifts all names, if it is the first.
func ExampleLabels_Mismatch() {
	labels := vision.Labels{0: "background", 1: "cat", 2: "dog"}
	fmt.Println(labels.Mismatch(2))
	// Output: there are 3 labels for the model's 2 classes: if the model has no class for the first, "background", the names are off by one
}

// What a model wants of a picture is in its file, as far as it is said.
func ExampleNormalizationOf() {
	for _, path := range []string{"testdata/colours.tflite", "testdata/open.tflite"} {
		m, err := model.ReadFile(path)
		if err != nil {
			log.Fatal(err)
		}
		n, err := vision.NormalizationOf(m, 0)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(n)
	}
	// Output:
	// (p - 0) / 255, from the range of the input
	// (p - 128) / 128, a guess
}
