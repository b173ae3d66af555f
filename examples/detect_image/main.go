// Detect_image is pycoral's example of that name: it finds objects in a picture.
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
	model, input, output := flag.String("m", "", "model"), flag.String("i", "", "picture"), flag.String("o", "out.png", "result")
	labelFile, threshold := flag.String("l", "", "label file"), flag.Float64("t", 0.4, "lowest score")
	flag.Parse()
	session := must(coral.Open(*model))
	defer session.Close()
	picture := must(vision.Load(*input))
	result := must(vision.Detect(context.Background(), session, picture, vision.WithLabels(must(vision.ReadLabels(*labelFile))),
		vision.WithThreshold(float32(*threshold)), vision.WithFit(vision.LetterboxTopLeft))) // as pycoral's set_resized_input
	for _, o := range result.Objects {
		fmt.Printf("%s\n  id:    %d\n  score: %v\n  box:   %v\n", o.Label, o.ID, o.Score, o.Box)
	}
	canvas := must(annotate.New(picture))
	canvas.Objects(result.Objects)
	fmt.Println(must("written to "+*output, annotate.Save(*output, canvas.Image())))
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
