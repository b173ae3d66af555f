// Hello says what is in a picture, and on which device it found out.
//
//	hello [-isolated] -model MODEL -labels LABELS PICTURE
//
// It is a module of its own, as your program will be.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
)

func main() {
	// The library starts this program again to drive a USB accelerator from there.
	coral.WorkerMain()
	model := flag.String("model", "mobilenet_quant_v1_224.tflite", "classification model, for the CPU or compiled for the Edge TPU")
	labels := flag.String("labels", "imagenet_labels.txt", "names of the model's classes")
	isolated := flag.Bool("isolated", false, "run the model on the CPU in a worker process, for a model that is not trusted")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: hello [-isolated] [-model MODEL] [-labels LABELS] PICTURE")
		os.Exit(2)
	}
	if err := hello(*model, *labels, flag.Arg(0), *isolated); err != nil {
		fmt.Fprintln(os.Stderr, "hello:", err)
		os.Exit(1)
	}
}

func hello(model, labelFile, pictureFile string, isolated bool) error {
	var options []coral.Option
	if isolated {
		options = append(options, coral.WithPolicy(coral.CPUOnly), coral.WithIsolation(coral.Isolated))
	}
	session, err := coral.Open(model, options...)
	if err != nil {
		return err
	}
	defer session.Close()
	fmt.Printf("Running on %v, because %s.\n", session.Device(), session.Reason())

	labels, err := vision.ReadLabels(labelFile)
	if err != nil {
		return err
	}
	picture, err := vision.Load(pictureFile)
	if err != nil {
		return err
	}
	result, err := vision.Classify(context.Background(), session, picture, vision.WithLabels(labels), vision.WithTopK(3))
	if err != nil {
		return err
	}
	for _, class := range result.Classes {
		fmt.Printf("%6.2f%%  %s\n", 100*class.Score, class.Label)
	}
	return nil
}
