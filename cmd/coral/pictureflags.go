package main

import (
	"context"
	"errors"
	"math"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
)

// pictureFlags are those of all commands that show pictures to a model.
type pictureFlags struct {
	modelFlags
	mean, std  numbersFlag
	inputShape shapeFlag
	fit        choiceFlag
	filter     choiceFlag
	bgr        bool
	resultFlags
}

// resultFlags choose among what is found in a picture, and name it.
type resultFlags struct {
	labels    string
	top       intFlag // 0 for all
	threshold scoreFlag
}

// usual is what a task does without a flag.
type usual struct{ fit, filter string }

// define adds the flags.
func (f *pictureFlags) define(c *cobra.Command, usual usual) {
	f.mean, f.std = numbersFlag{max: 255}, numbersFlag{positive: true}
	f.modelFlags.define(c)
	flags := c.Flags()
	flags.Var(&f.mean, "mean", "mean of the pixels that the model was trained on, from 0 to 255; one for all channels, or for red, green and blue")
	flags.Var(&f.std, "std", "their standard deviation")
	f.fit = choiceFlag{kind: "FIT", names: fitNames}
	f.fit.define(c, "fit", "how a picture of other proportions is fitted to the model's input: stretch, letterbox (in the middle) or top-left (default "+usual.fit+")")
	f.filter = choiceFlag{kind: "FILTER", names: filterNames}
	f.filter.define(c, "filter", "how a picture is scaled: area, linear (the fastest), bilinear or lanczos (default "+usual.filter+")")
	flags.BoolVar(&f.bgr, "bgr", false, "the model wants blue, green, red instead of red, green, blue")
	flags.Var(&f.inputShape, "input-shape", "`SHAPE` of the input, such as 1,224,224,3, for a model that leaves it open")
	c.MarkFlagsRequiredTogether("mean", "std")
}

// define adds the flags, with what is special about them in their help texts.
func (f *resultFlags) define(c *cobra.Command, what, threshold string) {
	f.defineTop(c, what+" to show, at most")
	c.Flags().Var(&f.threshold, "threshold", threshold)
}

func (f *resultFlags) defineTop(c *cobra.Command, help string) {
	f.top.min, f.top.max = 1, math.MaxInt32
	c.Flags().Var(&f.top, "top", help)
}

func (f *resultFlags) defineLabels(c *cobra.Command) {
	c.Flags().VarP(nameFlag{&f.labels}, "labels", "l", "`FILE` with the names of the classes (default: the model's metadata)")
	_ = c.MarkFlagFilename("labels", "txt", "csv", "json", "yaml", "yml", "pbtxt")
}

// takePictures accepts the pictures; the model has a flag of its own.
func (f *pictureFlags) takePictures(_ *cobra.Command, args []string) error {
	if f.path != "" && len(args) == 0 {
		return errors.New("no IMAGE given")
	}
	return f.needModel("pictures")
}

func (f *pictureFlags) needModel(beside string) error {
	if f.path == "" {
		return errors.New("no model given: name it with -m MODEL, before or after the " + beside)
	}
	return nil
}

// options are those of the library that the flags stand for.
func (f *pictureFlags) options() []vision.Option {
	var opts []vision.Option
	if f.top.value > 0 {
		opts = append(opts, vision.WithTopK(f.top.value))
	}
	if f.threshold.given {
		opts = append(opts, vision.WithThreshold(f.threshold.value))
	}
	if f.mean.values != nil {
		opts = append(opts, vision.WithChannelNormalization(f.mean.values, f.std.values))
	}
	if fit, err := vision.ParseFit(f.fit.value); err == nil {
		opts = append(opts, vision.WithFit(fit))
	}
	if filter, err := vision.ParseFilter(f.filter.value); err == nil {
		opts = append(opts, vision.WithFilter(filter))
	}
	if f.bgr {
		opts = append(opts, vision.WithBGR())
	}
	return opts
}

// open makes the session for pictures.
func (f *pictureFlags) open(ctx context.Context, a *app) (*coral.Session, error) {
	var opts []coral.Option
	if len(f.inputShape) > 0 {
		opts = append(opts, coral.WithInputShape(0, f.inputShape...))
	}
	s, err := f.modelFlags.open(ctx, a, opts...)
	if errors.Is(err, coral.ErrUnresolvedOp) {
		if without := f.withoutPoseDecoder(); without != nil {
			return without(a, opts...)
		}
	}
	return s, err
}
