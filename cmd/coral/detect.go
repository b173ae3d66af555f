package main

import (
	"context"
	"fmt"
	"image"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/annotate"
)

// detectFlags are those of coral detect that are about detectors.
type detectFlags struct {
	head        choiceFlag
	iou         fractionFlag
	labelOffset offsetFlag
	tiles       tilesFlag
}

// heads are the names that --head takes.
var heads = []string{
	vision.HeadSSD, vision.HeadYOLOv5, vision.HeadYOLOv8, vision.HeadYOLOv9, vision.HeadYOLOv9BoxesFirst,
	vision.HeadYOLOv9ClassesFirst, vision.HeadYOLOMaps, vision.HeadNanoDet, vision.HeadEndToEnd,
}

// offsetFlag is a whole number, if one was given.
type offsetFlag struct {
	value int
	given bool
}

// Set refuses what no label is away from its class.
func (f *offsetFlag) Set(s string) error {
	const most = 1 << 20
	n, err := strconv.Atoi(s)
	if err != nil || n < -most || n > most {
		return fmt.Errorf("give a whole number, such as 1 or -1")
	}
	f.value, f.given = n, true
	return nil
}

func (f *offsetFlag) String() string {
	if !f.given {
		return ""
	}
	return strconv.Itoa(f.value)
}

// Type is for the help text.
func (f *offsetFlag) Type() string { return "N" }

// tilesFlag is the width of tiles and how much they overlap, if there are any.
type tilesFlag struct {
	width   int
	overlap float64
	given   bool
}

// usualOverlap is what SAHI takes.
const usualOverlap = 0.2

// Set reads 640, 640,0.3 or auto, which is as wide as the model's input.
func (f *tilesFlag) Set(s string) error {
	width, overlap, hasOverlap := strings.Cut(s, ",")
	*f = tilesFlag{overlap: usualOverlap, given: true}
	var err error
	if width != "auto" {
		if f.width, err = strconv.Atoi(width); err != nil || f.width < 1 || f.width > math.MaxUint16 {
			return fmt.Errorf("give the width of a tile in pixels, such as 640, or auto for that of the model's input")
		}
	}
	if hasOverlap {
		if f.overlap, err = strconv.ParseFloat(overlap, 64); err != nil || !(f.overlap >= 0 && f.overlap <= 0.9) {
			return fmt.Errorf("give an overlap from 0 to 0.9 after the comma, as in 640,0.3")
		}
	}
	return nil
}

func (f *tilesFlag) String() string {
	if !f.given {
		return ""
	}
	return fmt.Sprintf("%d,%g", f.width, f.overlap)
}

// Type is for the help text.
func (f *tilesFlag) Type() string { return "WIDTH[,OVERLAP]" }

func (f *detectFlags) define(c *cobra.Command) {
	flags := c.Flags()
	f.head = choiceFlag{kind: "HEAD", names: heads}
	f.head.define(c, "head", "how the model's outputs are read: "+strings.Join(heads, ", ")+" (default: as their shapes tell)")
	flags.Var(&f.iou, "iou", "the intersection over union from which on two boxes are of one object (default: the head's)")
	flags.Var(&f.labelOffset, "label-offset", "class 0 is label `N` (default: as the numbers of classes and labels tell)")
	flags.Var(&f.tiles, "tiles", "look at tiles of the picture too, for small objects: `WIDTH[,OVERLAP]` in pixels, or auto; neighbours share 0.2 of it, or OVERLAP")
}

func (f *detectFlags) options() []vision.Option {
	opts := []vision.Option{vision.WithHead(f.head.value)}
	if f.iou.given {
		opts = append(opts, vision.WithIoU(f.iou.value))
	}
	if f.labelOffset.given {
		opts = append(opts, vision.WithLabelOffset(f.labelOffset.value))
	}
	if f.tiles.given {
		opts = append(opts, vision.WithTiles(f.tiles.width, f.tiles.overlap))
	}
	return opts
}

func (a *app) detectCommand() *cobra.Command {
	var f pictureFlags
	var d detectFlags
	c := a.pictureCommand(&cobra.Command{
		Use:   "detect",
		Short: "Find objects in pictures",
		Long: `Find objects in pictures, with a detector: SSD, or YOLO from version 5 on. Which one the
model is, the shapes of its outputs tell; --head says it where they do not.

Boxes are in pixels of the picture: left, top, right, bottom. The names of the classes
come from the file of --labels, or else from the model's metadata. Label files often have
one line more than the model has classes, for the background; what was decided is said in
a warning, and --label-offset decides.`,
		Example: `  coral detect -m ssd_mobilenet.tflite -l coco_labels.txt street.jpg
  coral detect -m yolo11n.tflite --threshold 0.4 -o found/ *.jpg
  coral detect -m yolo11n.tflite --tiles auto -o found.png harbour.jpg
  coral detect -m ssd_mobilenet.tflite --json *.jpg | jq -c '.objects[] | [.label, .score, .box]'`,
	}, &f, d.detect)
	f.define(c, usual{fit: "that of its makers", filter: "lanczos"})
	f.defineLabels(c)
	f.resultFlags.define(c, "the best objects", "the lowest score to show (default: the head's, 0.25 to 0.4)")
	d.define(c)
	return c
}

func (f *detectFlags) detect(ctx context.Context, s *coral.Session, img image.Image, opts []vision.Option) (sight, error) {
	r, err := vision.Detect(ctx, s, img, append(f.options(), opts...)...)
	if err != nil {
		return sight{}, err
	}
	var rows [][]string
	for _, o := range r.Objects {
		rows = append(rows, append([]string{"  " + scoreText(o.Score), boxText(o.Box)}, labelCells(o.ID, o.Label)...))
	}
	return sight{
		found: r, count: len(r.Objects), rows: rowsOr(rows, "no object reaches the threshold"),
		draw:   func(c *annotate.Canvas) { c.Objects(r.Objects) },
		timing: r.Timing, normalization: r.Normalization, head: r.Head, warnings: r.Warnings,
	}, nil
}

// boxText has whole pixels, for people.
func boxText(b vision.Box) string {
	return fmt.Sprintf("%.0f,%.0f to %.0f,%.0f", b.XMin, b.YMin, b.XMax, b.YMax)
}
