package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/internal/files"
	"github.com/gocoral/coral/vision"
)

// classifyFlags are those of coral classify.
type classifyFlags struct {
	modelFlags
	labels     string
	top        intFlag
	threshold  scoreFlag
	mean, std  numbersFlag
	inputShape shapeFlag
}

// scoreFlag is a score, if one was given.
type scoreFlag struct {
	value float32
	given bool
}

// Set refuses what is no number.
func (f *scoreFlag) Set(s string) error {
	x, err := strconv.ParseFloat(s, 32)
	if err != nil || math.IsNaN(x) {
		return fmt.Errorf("give a number, such as 0.5")
	}
	f.value, f.given = float32(x), true
	return nil
}

func (f *scoreFlag) String() string {
	if !f.given {
		return ""
	}
	return strconv.FormatFloat(float64(f.value), 'g', -1, 32)
}

// Type is for the help text.
func (f *scoreFlag) Type() string { return "SCORE" }

// numbersFlag is one number for all channels of a picture, or one for each.
type numbersFlag struct {
	values   []float64
	positive bool
	max      float64 // 0 for none
}

// Set refuses what no pixel can be normalised with.
func (f *numbersFlag) Set(s string) error {
	f.values = nil
	for text := range strings.SplitSeq(s, ",") {
		x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("give a number, or three with commas between them")
		}
		if f.positive && x <= 0 {
			return fmt.Errorf("give numbers above 0")
		}
		if f.max > 0 && (x < 0 || x > f.max) {
			return fmt.Errorf("give numbers from 0 to %g, as pixels have", f.max)
		}
		f.values = append(f.values, x)
	}
	if n := len(f.values); n != 1 && n != 3 {
		return fmt.Errorf("%d numbers given: give one for all channels, or three for red, green and blue", n)
	}
	return nil
}

func (f *numbersFlag) String() string {
	texts := make([]string, len(f.values))
	for k, x := range f.values {
		texts[k] = strconv.FormatFloat(x, 'g', -1, 64)
	}
	return strings.Join(texts, ",")
}

// Type is for the help text.
func (f *numbersFlag) Type() string { return "X[,Y,Z]" }

// shapeFlag is the shape of a tensor.
type shapeFlag []int

// Set takes what parseShape does.
func (f *shapeFlag) Set(s string) (err error) {
	*f, err = parseShape(s)
	return err
}

func (f *shapeFlag) String() string {
	return strings.Trim(shapeText(*f), "[]")
}

// Type is for the help text.
func (f *shapeFlag) Type() string { return "SHAPE" }

// pictureFiles are the endings that shells offer.
var pictureFiles = []string{"png", "jpg", "jpeg", "bmp", "gif", "webp", "PNG", "JPG", "JPEG"}

func (a *app) classifyCommand() *cobra.Command {
	f := classifyFlags{top: intFlag{value: 5, min: 1, max: math.MaxInt32}, mean: numbersFlag{max: 255}, std: numbersFlag{positive: true}}
	c := a.does(&cobra.Command{
		Use:   "classify -m MODEL [-l LABELS] IMAGE…",
		Short: "Tell what is in pictures",
		Long: `Tell what is in pictures (PNG, JPEG, BMP, GIF, WebP), with a model whose output has one
score for each class. "-" is a picture from standard input.

The names of the classes come from the file of --labels, or else from the model's
metadata; a model for the Edge TPU has those of its CPU twin. Where there is none, the
class's number stands for it. The file has one label a line, with its number before it or
without, or is CSV, JSON, YAML (as Ultralytics writes it) or a label map in .pbtxt.

A model is trained on pixels p as (p - mean) / std. These two come from --mean and --std,
or else from the model's metadata, from the numbers that its input can hold, or from the
operators that it begins with; --verbose and --json tell which. Common ones are 127.5 and
127.5 (-1 to 1), 0 and 255 (0 to 1), 0 and 1 (pixels as they are), and those of PyTorch,
123.675,116.28,103.53 and 58.395,57.12,57.375.

A picture that cannot be read does not keep the others from being classified; with --json
it has a line with "error".`,
		Example: `  coral classify -m mobilenet.tflite -l labels.txt parrot.jpg
  coral classify -m mobilenet_edgetpu.tflite --device usb --top 1 --threshold 0.5 *.jpg
  coral classify -m resnet.tflite --mean 123.675,116.28,103.53 --std 58.395,57.12,57.375 cat.jpg
  ffmpeg -v 0 -i /dev/video0 -frames:v 1 -f image2 - | coral classify -m mobilenet.tflite -
  coral classify -m mobilenet.tflite --json *.jpg | jq -r '[.image, .classes[0].label] | @tsv'`,
		Args: f.takePictures,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return pictureFiles, cobra.ShellCompDirectiveFilterFileExt
		},
	}, func(ctx context.Context, images []string) error { return a.classify(ctx, &f, images) })
	f.define(c)
	c.Flags().VarP(nameFlag{&f.labels}, "labels", "l", "`FILE` with the names of the classes (default: the model's metadata)")
	c.Flags().Var(&f.top, "top", "the best classes to show, at most")
	c.Flags().Var(&f.threshold, "threshold", "the lowest score to show (default: all but 0)")
	c.Flags().Var(&f.mean, "mean", "mean of the pixels that the model was trained on, from 0 to 255; one for all channels, or for red, green and blue")
	c.Flags().Var(&f.std, "std", "their standard deviation")
	c.Flags().Var(&f.inputShape, "input-shape", "`SHAPE` of the input, such as 1,224,224,3, for a model that leaves it open")
	c.MarkFlagsRequiredTogether("mean", "std")
	// The error would be that the flag does not exist.
	_ = c.MarkFlagFilename("labels", "txt", "csv", "json", "yaml", "yml", "pbtxt")
	return c
}

// takePictures accepts the pictures; the model has a flag of its own.
func (f *classifyFlags) takePictures(_ *cobra.Command, args []string) error {
	switch {
	case f.path != "" && len(args) == 0:
		return errors.New("no IMAGE given")
	case f.path == "":
		return errors.New("no model given: name it with -m MODEL, before or after the pictures")
	}
	return nil
}

// classifyOutput is the JSON of coral classify, one for each picture.
type classifyOutput struct {
	Image string `json:"image"`
	placement
	Classes    []class `json:"classes"`
	Preprocess real    `json:"preprocess_ms"`
	Invoke     real    `json:"invoke_ms"`
	// Normalization is what the pixels were turned into.
	Normalization vision.Normalization `json:"normalization"`
	// Warnings are the same for every picture.
	Warnings []string `json:"warnings"`
}

// classifyFailure is the line of a picture that could not be read.
type classifyFailure struct {
	Image string `json:"image"`
	Error string `json:"error"`
}

type class struct {
	ID    int    `json:"id"`
	Label string `json:"label"`
	Score real   `json:"score"`
}

func (a *app) classify(ctx context.Context, f *classifyFlags, images []string) error {
	c := classifier{app: a, flags: f}
	if f.labels != "" {
		var err error
		if c.labels, err = readLabels(f.labels); err != nil {
			return err
		}
	}
	defer c.close()
	defer a.showProgress(len(images))()
	return a.forEach(ctx, images, func(name string) error {
		defer a.bar.advance()
		return c.classify(ctx, name)
	})
}

// readLabels recognises a picture in the place of labels.
func readLabels(path string) (vision.Labels, error) {
	labels, err := vision.ReadLabels(path)
	if errors.Is(err, vision.ErrLabels) {
		if format := pictureFormat(path); format != "" {
			return nil, fmt.Errorf("%s is a picture (%s), and %w", path, strings.ToUpper(format), vision.ErrLabels)
		}
	}
	return labels, err
}

// pictureFormat is "" for what is no picture.
func pictureFormat(path string) string {
	f, err := files.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	_, format, err := image.DecodeConfig(f)
	if err != nil {
		return ""
	}
	return format
}

// classifier opens its session for the first picture that can be read, so that a
// mistake in the names of pictures costs no time.
type classifier struct {
	app     *app
	flags   *classifyFlags
	labels  vision.Labels // nil for those of the model
	session *coral.Session

	introduced bool
}

func (c *classifier) close() { c.session.Close() }

func (c *classifier) classify(ctx context.Context, name string) error {
	img, err := c.app.loadPicture(name)
	if err != nil {
		return c.failed(name, err)
	}
	if c.session == nil {
		if c.session, err = c.open(ctx); err != nil {
			return finalError{err}
		}
	}
	result, err := vision.Classify(ctx, c.session, img, c.options()...)
	if err != nil { // of the model or its device, and so for every picture
		return finalError{err}
	}
	c.introduce(ctx, result)
	found := c.shown(result.Classes)
	out := classifyOutput{
		Image: name, placement: place(c.session),
		Classes:    make([]class, len(found)),
		Preprocess: milliseconds(result.Preprocess), Invoke: milliseconds(result.Invoke),
		Normalization: result.Normalization, Warnings: append([]string{}, result.Warnings...),
	}
	for k, f := range found {
		out.Classes[k] = class{ID: f.ID, Label: f.Label, Score: real(f.Score)}
	}
	if c.app.asJSON {
		return c.app.printJSON(out)
	}
	c.app.printClasses(out)
	return nil
}

// failed gives a picture that cannot be read its line, too.
func (c *classifier) failed(name string, err error) error {
	if c.app.asJSON {
		if e := c.app.printJSON(classifyFailure{Image: name, Error: explain(err)}); e != nil {
			return e
		}
	}
	return err
}

func (c *classifier) open(ctx context.Context) (*coral.Session, error) {
	if len(c.flags.inputShape) == 0 {
		return c.flags.open(ctx, c.app)
	}
	return c.flags.open(ctx, c.app, coral.WithInputShape(0, c.flags.inputShape...))
}

func (a *app) loadPicture(name string) (image.Image, error) {
	if name != "-" {
		return vision.Load(name)
	}
	img, err := vision.Decode(a.stdin)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return img, nil
}

// introduce comes before the first result.
func (c *classifier) introduce(ctx context.Context, result vision.Classification) {
	if c.introduced {
		return
	}
	c.introduced = true
	if !c.app.asJSON {
		c.app.introduce(ctx, c.session)
		if c.app.verbose {
			c.app.print("Pixels:   %s", result.Normalization)
		}
	}
	for _, w := range result.Warnings {
		c.app.complain("warning: %s", inFlags.Replace(w))
	}
}

// inFlags puts the library's warnings in the terms of the command.
var inFlags = strings.NewReplacer("give mean and standard deviation", "set --mean and --std")

func (c *classifier) options() []vision.Option {
	opts := []vision.Option{vision.WithTopK(c.flags.top.value), vision.WithLabels(c.labels)}
	if c.flags.threshold.given {
		opts = append(opts, vision.WithThreshold(c.flags.threshold.value))
	}
	if c.flags.mean.values != nil {
		opts = append(opts, vision.WithChannelNormalization(c.flags.mean.values, c.flags.std.values))
	}
	return opts
}

// shown leaves out classes that the model has ruled out, unless a threshold was set.
// Negative scores are no probabilities, and stay.
func (c *classifier) shown(classes []vision.Class) []vision.Class {
	for n := len(classes); n > 0 && classes[n-1].Score == 0 && !c.flags.threshold.given; n-- {
		classes = classes[:n-1]
	}
	return classes
}

func (a *app) printClasses(out classifyOutput) {
	a.print("%s (preprocessing %s ms, inference %s ms)", out.Image, out.Preprocess.text(), out.Invoke.text())
	rows := [][]string{}
	for _, c := range out.Classes {
		row := []string{"  " + strconv.FormatFloat(float64(c.Score), 'f', 4, 64), c.Label}
		if number := strconv.Itoa(c.ID); c.Label != number {
			row = append(row, "(class "+number+")")
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		rows = append(rows, []string{"  no class reaches the threshold"})
	}
	a.table(rows)
}
