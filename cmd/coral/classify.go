package main

import (
	"context"
	"fmt"
	"image"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/annotate"
)

func (a *app) classifyCommand() *cobra.Command {
	f := pictureFlags{resultFlags: resultFlags{top: intFlag{value: 5}}}
	c := a.pictureCommand(&cobra.Command{
		Use:   "classify",
		Short: "Tell what is in pictures",
		Long: `Tell what is in pictures, with a model whose output has one score for each class.

The names of the classes come from the file of --labels, or else from the model's
metadata; a model for the Edge TPU has those of its CPU twin. Where there is none, the
class's number stands for it. The file has one label a line, with its number before it or
without, or is CSV, JSON, YAML (as Ultralytics writes it) or a label map in .pbtxt.`,
		Example: `  coral classify -m mobilenet.tflite -l labels.txt parrot.jpg
  coral classify -m mobilenet_edgetpu.tflite --device usb --top 1 --threshold 0.5 *.jpg
  coral classify -m resnet.tflite --mean 123.675,116.28,103.53 --std 58.395,57.12,57.375 cat.jpg
  ffmpeg -v 0 -i /dev/video0 -frames:v 1 -f image2 - | coral classify -m mobilenet.tflite -
  coral classify -m mobilenet.tflite --json *.jpg | jq -r '[.image, .classes[0].label] | @tsv'`,
	}, &f, f.classify)
	f.define(c, usual{fit: "stretch", filter: "area"})
	f.defineLabels(c)
	f.resultFlags.define(c, "the best classes", "the lowest score to show (default: all but 0)")
	return c
}

// classesFound are the classes in JSON.
type classesFound struct {
	Classes []class `json:"classes"`
}

type class struct {
	ID    int    `json:"id"`
	Label string `json:"label"`
	Score real   `json:"score"`
}

func (f *pictureFlags) classify(ctx context.Context, s *coral.Session, img image.Image, opts []vision.Option) (sight, error) {
	r, err := vision.Classify(ctx, s, img, opts...)
	if err != nil {
		return sight{}, err
	}
	shown := f.shown(r.Classes)
	found := classesFound{Classes: make([]class, len(shown))}
	var rows [][]string
	var captions []string
	for k, c := range shown {
		found.Classes[k] = class{ID: c.ID, Label: c.Label, Score: real(c.Score)}
		rows = append(rows, append([]string{"  " + scoreText(c.Score)}, labelCells(c.ID, c.Label)...))
		captions = append(captions, fmt.Sprintf("%.2f %s", c.Score, c.Label))
	}
	return sight{
		found: found, count: len(shown), rows: rowsOr(rows, "no class reaches the threshold"),
		draw:   func(c *annotate.Canvas) { c.Caption(captions...) },
		timing: vision.Timing{Preprocess: r.Preprocess, Invoke: r.Invoke}, normalization: r.Normalization, warnings: r.Warnings,
	}, nil
}

// shown leaves out classes that the model has ruled out, unless a threshold was set.
// Negative scores are no probabilities, and stay.
func (f *pictureFlags) shown(classes []vision.Class) []vision.Class {
	for n := len(classes); n > 0 && classes[n-1].Score == 0 && !f.threshold.given; n-- {
		classes = classes[:n-1]
	}
	return classes
}

func scoreText(score float32) string { return strconv.FormatFloat(float64(score), 'f', 4, 64) }

// labelCells are a class in a table: its number stands beside its name, if it has one.
func labelCells(id int, label string) []string {
	number := strconv.Itoa(id)
	if label == number {
		return []string{label}
	}
	return []string{label, "(class " + number + ")"}
}
