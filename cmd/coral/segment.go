package main

import (
	"context"
	"fmt"
	"image"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/annotate"
)

func (a *app) segmentCommand() *cobra.Command {
	var f pictureFlags
	c := a.pictureCommand(&cobra.Command{
		Use:   "segment",
		Short: "Tell what each part of pictures belongs to",
		Long: `Tell for each pixel of pictures what it belongs to, with a model whose output is a map of
classes (such as DeepLab), or a mask of what it looks for. What is printed is how much of
the picture each class covers, from 0 to 1; --output shows where.

The names of the classes come from the file of --labels, or else from the model's metadata.`,
		Example: `  coral segment -m deeplabv3.tflite -l pascal_voc_labels.txt -o coloured.png bird.jpg
  coral segment -m deeplabv3.tflite --fit letterbox -o coloured/ *.jpg
  coral segment -m selfie.tflite --threshold 0.8 --json face.jpg`,
	}, &f, segment)
	f.define(c, usual{fit: "stretch", filter: "area"})
	f.defineLabels(c)
	f.resultFlags.define(c, "the classes that cover most", "the lowest score that counts in a mask (default 0.5)")
	return c
}

func segment(ctx context.Context, s *coral.Session, img image.Image, opts []vision.Option) (sight, error) {
	r, err := vision.Segment(ctx, s, img, opts...)
	if err != nil {
		return sight{}, err
	}
	var rows [][]string
	for _, c := range r.Classes {
		rows = append(rows, append([]string{fmt.Sprintf("  %5.1f%%", 100*c.Fraction)}, labelCells(c.ID, c.Label)...))
	}
	return sight{
		found: r, count: len(r.Classes), rows: rows,
		draw:   func(c *annotate.Canvas) { c.Classes(r.Map, r.Classes) },
		timing: r.Timing, normalization: r.Normalization, warnings: r.Warnings,
	}, nil
}
