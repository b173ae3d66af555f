// Command isolated classifies a picture as coral classify does, but in a worker process:
//
//	isolated MODEL LABELS IMAGE
//
// scripts/verify-image.sh cross-compiles it in a module of its own and runs it under
// emulation, to see that a program can start itself as its worker there.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
)

func main() {
	if coral.IsWorker() {
		coral.WorkerMain()
	}
	if len(os.Args) != 4 {
		log.Fatal("usage: isolated MODEL LABELS IMAGE")
	}
	if err := classify(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func classify(model, names, picture string) error {
	s, err := coral.Open(model, coral.WithPolicy(coral.CPUOnly), coral.Isolated())
	if err != nil {
		return err
	}
	defer s.Close()
	labels, err := vision.ReadLabels(names)
	if err != nil {
		return err
	}
	img, err := vision.Load(picture)
	if err != nil {
		return err
	}
	result, err := vision.Classify(context.Background(), s, img, vision.WithTopK(3), vision.WithLabels(labels))
	if err != nil {
		return err
	}
	for _, c := range result.Classes {
		fmt.Printf("  %.4f  %s (class %d)\n", c.Score, c.Label, c.ID)
	}
	fmt.Println(s.Device(), s.Backend(), s.Reason())
	return nil
}
