// Segment is go-tflite's example of that name: it colours what DeepLab sees in a picture.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/annotate"
)

func main() {
	coral.WorkerMain()
	model, input := flag.String("model", "deeplabv3_257_mv_gpu.tflite", "model"), flag.String("image", "example.jpg", "picture")
	output := flag.String("output", "output.png", "result")
	flag.Parse()
	session := must(coral.Open(*model, coral.WithThreads(4)))
	defer session.Close()
	picture := must(vision.Load(*input))
	result := must(vision.Segment(context.Background(), session, picture, vision.WithNormalization(127.5, 127.5)))
	for _, c := range result.Classes {
		fmt.Printf("%5.1f%% %s\n", 100*c.Fraction, c.Label)
	}
	canvas := must(annotate.New(picture))
	canvas.Classes(result.Map, nil) // result.Map.At(x, y) is the class of a pixel
	fmt.Println(must("written to "+*output, annotate.Save(*output, canvas.Image())))
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
