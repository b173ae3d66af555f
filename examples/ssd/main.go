// Ssd is go-tflite's example of that name: it shows what a camera sees, on http://localhost:8080.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/annotate"
	"github.com/gocoral/coral/vision/stream"
)

func main() {
	coral.WorkerMain()
	camera, model, labelFile := flag.String("camera", "/dev/video0", "source"), flag.String("model", "detect.tflite", ""), flag.String("label", "labelmap.txt", "")
	flag.Parse()
	labels := must(vision.ReadLabels(*labelFile))
	session := must(coral.Open(*model, coral.WithThreads(4)))
	defer session.Close()
	var window stream.Broadcast
	go func() { log.Print(http.ListenAndServe("localhost:8080", &window)) }()
	for next, err := range stream.Latest(stream.Open(*camera))(context.Background()) {
		frame := must(next, err)
		result := must(vision.Detect(context.Background(), session, frame.Image, vision.WithLabels(labels), vision.WithThreshold(0.6), vision.WithTopK(5)))
		log.Println(frame.Index, result.Objects)
		canvas := must(annotate.New(frame.Image))
		canvas.Objects(result.Objects)
		_ = window.Show(canvas.Image()) // it fails for an image without pixels
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
