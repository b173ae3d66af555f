package main

import (
	"context"
	"image"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/annotate"
)

func (a *app) facesCommand() *cobra.Command {
	var f pictureFlags
	c := a.pictureCommand(&cobra.Command{
		Use:   "faces",
		Short: "Find faces in pictures",
		Long: `Find faces in pictures with MediaPipe's BlazeFace, of any range. Boxes are in pixels of
the picture: left, top, right, bottom. A face has six landmarks: eyes, nose, mouth and ears;
their places go from 0 at the left and upper edge of the picture to 1 at the right and lower
edge.`,
		Example: `  coral faces -m face_detection_short_range.tflite -o found.png family.jpg
  coral faces -m face_detection_back.tflite --threshold 0.7 *.jpg
  coral faces -m face_detection_short_range.tflite --json *.jpg | jq -c '[.image, (.faces | length)]'`,
	}, &f, faces)
	f.define(c, usual{fit: "letterbox", filter: "area"})
	f.resultFlags.define(c, "the best faces", "the lowest score to show (default 0.5)")
	return c
}

func faces(ctx context.Context, s *coral.Session, img image.Image, opts []vision.Option) (sight, error) {
	r, err := vision.Faces(ctx, s, img, opts...)
	if err != nil {
		return sight{}, err
	}
	var rows [][]string
	for _, f := range r.Faces {
		rows = append(rows, []string{"  " + scoreText(f.Score), boxText(f.Box)})
	}
	return sight{
		found: r, count: len(r.Faces), rows: rowsOr(rows, "no face reaches the threshold"),
		draw:   func(c *annotate.Canvas) { c.Faces(r.Faces) },
		timing: r.Timing, normalization: r.Normalization, warnings: r.Warnings,
	}, nil
}
