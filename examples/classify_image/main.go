// Classify_image is pycoral's example of that name: it says what is in a picture.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
)

func main() {
	coral.WorkerMain()
	model, input, labelFile := flag.String("m", "", "model"), flag.String("i", "", "picture"), flag.String("l", "", "label file")
	topK, threshold, count := flag.Int("k", 1, "results"), flag.Float64("t", 0, "lowest score"), flag.Int("c", 5, "runs")
	flag.Parse()

	labels := must(vision.ReadLabels(*labelFile))
	session := must(coral.Open(*model))
	defer session.Close()
	picture := must(vision.Load(*input))
	var result vision.Classification
	for range *count {
		result = must(vision.Classify(context.Background(), session, picture,
			vision.WithLabels(labels), vision.WithTopK(*topK), vision.WithThreshold(float32(*threshold)), vision.WithFilter(vision.Lanczos)))
		fmt.Println(result.Invoke)
	}
	for _, c := range result.Classes {
		fmt.Printf("%s: %.5f\n", c.Label, c.Score)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
