// Movenet is pycoral's movenet_pose_estimation: it finds the joints of a person.
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
	model, input, output := flag.String("m", "", "model"), flag.String("i", "", "picture"), flag.String("output", "movenet_result.jpg", "result")
	flag.Parse()
	session := must(coral.Open(*model))
	defer session.Close()
	picture := must(vision.Load(*input))
	result := must(vision.Poses(context.Background(), session, picture, vision.WithFit(vision.Stretch), vision.WithFilter(vision.Lanczos))) // as pycoral's resize
	for _, pose := range result.Poses {
		for _, p := range pose.Keypoints {
			fmt.Printf("%-14s %.3f %.3f %.3f\n", p.Name, p.Y, p.X, p.Score)
		}
	}
	canvas := must(annotate.New(picture))
	canvas.Poses(result.Poses)
	fmt.Println(must("written to "+*output, annotate.Save(*output, canvas.Image())))
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
