package main

import (
	"context"
	"fmt"
	"image"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/annotate"
)

func (a *app) poseCommand() *cobra.Command {
	var f pictureFlags
	c := a.pictureCommand(&cobra.Command{
		Use:   "pose",
		Short: "Find persons in pictures by their joints",
		Long: `Find persons in pictures by their joints, with MoveNet (for one person or several) or
PoseNet, Coral's models of which end with an operator that is done here. A person has
17 keypoints: nose, eyes, ears, shoulders, elbows, wrists, hips, knees and ankles. Their
places go from 0 at the left and upper edge of the picture to 1 at the right and lower edge.`,
		Example: `  coral pose -m movenet_lightning.tflite -o skeleton.png squat.jpg
  coral pose -m posenet_edgetpu.tflite --threshold 0.4 --top 3 crowd.jpg
  coral pose -m movenet_lightning.tflite --json *.jpg | jq -c '.poses[].keypoints[] | [.name, .x, .y]'`,
	}, &f, pose)
	f.define(c, usual{fit: "letterbox", filter: "area"})
	f.resultFlags.define(c, "the best persons", "the lowest score of a person to show (default 0.25)")
	return c
}

func pose(ctx context.Context, s *coral.Session, img image.Image, opts []vision.Option) (sight, error) {
	r, err := vision.Poses(ctx, s, img, opts...)
	if err != nil {
		return sight{}, err
	}
	var rows [][]string
	for k, p := range r.Poses {
		rows = append(rows, []string{"  " + scoreText(p.Score), fmt.Sprintf("person %d", k+1)})
		rows = append(rows, keypointRows(p.Keypoints)...)
	}
	return sight{
		found: r, count: len(r.Poses), rows: rowsOr(rows, "no person reaches the threshold"),
		draw:   func(c *annotate.Canvas) { c.Poses(r.Poses) },
		timing: r.Timing, normalization: r.Normalization, warnings: r.Warnings,
	}, nil
}

// keypointRows are those of a person or a face.
func keypointRows(points []vision.Keypoint) (rows [][]string) {
	for _, p := range points {
		rows = append(rows, []string{"    " + scoreText(p.Score), strings.ReplaceAll(p.Name, "_", " "), fmt.Sprintf("%.3f, %.3f", p.X, p.Y)})
	}
	return rows
}
