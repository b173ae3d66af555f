package main

import (
	"context"
	"fmt"
	"image"
	"math"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/vision"
)

// classifyFlags are those of coral classify.
type classifyFlags struct {
	modelFlags
	labels    string
	top       intFlag
	threshold scoreFlag
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

// pictureFiles are the endings that shells offer.
var pictureFiles = []string{"png", "jpg", "jpeg", "bmp", "gif", "webp", "PNG", "JPG", "JPEG"}

func (a *app) classifyCommand() *cobra.Command {
	f := classifyFlags{top: intFlag{value: 5, min: 1, max: math.MaxInt32}}
	c := a.does(&cobra.Command{
		Use:   "classify -m MODEL [-l LABELS] IMAGE…",
		Short: "Tell what is in pictures",
		Long: `Tell what is in pictures (PNG, JPEG, BMP, GIF, WebP), with a model whose output has one
score for each class. "-" is a picture from standard input.

The names of the classes come from the file of --labels, one a line, or else from the
model's metadata; where there is none, the class's number stands for it.

A picture that cannot be read does not keep the others from being classified.`,
		Example: `  coral classify -m mobilenet.tflite -l labels.txt parrot.jpg
  coral classify -m mobilenet_edgetpu.tflite --device usb --top 1 --threshold 0.5 *.jpg
  ffmpeg -v 0 -i /dev/video0 -frames:v 1 -f image2 - | coral classify -m mobilenet.tflite -
  coral classify -m mobilenet.tflite --json *.jpg | jq -r '[.image, .classes[0].label] | @tsv'`,
		Args: someArguments("IMAGE"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return pictureFiles, cobra.ShellCompDirectiveFilterFileExt
		},
	}, func(ctx context.Context, images []string) error { return a.classify(ctx, &f, images) })
	f.define(c)
	c.Flags().StringVarP(&f.labels, "labels", "l", "", "`FILE` with the names of the classes (default: the model's metadata)")
	c.Flags().Var(&f.top, "top", "the best classes to show")
	c.Flags().Var(&f.threshold, "threshold", "the lowest score to show")
	// The error would be that the flag does not exist.
	_ = c.MarkFlagFilename("labels", "txt")
	return c
}

// classifyOutput is the JSON of coral classify, one for each picture.
type classifyOutput struct {
	Image      string  `json:"image"`
	Device     string  `json:"device"`
	Reason     string  `json:"reason"`
	Backend    string  `json:"backend"`
	Classes    []class `json:"classes"`
	Preprocess real    `json:"preprocess_ms"`
	Invoke     real    `json:"invoke_ms"`
}

type class struct {
	ID    int    `json:"id"`
	Label string `json:"label"`
	Score real   `json:"score"`
}

func (a *app) classify(ctx context.Context, f *classifyFlags, images []string) error {
	labels, err := f.readLabels(a)
	if err != nil {
		return err
	}
	c := classifier{app: a, flags: f, labels: labels}
	defer c.close()
	defer a.showProgress(len(images))()
	return a.forEach(ctx, images, func(name string) error {
		defer a.bar.advance()
		return c.classify(ctx, name)
	})
}

// readLabels returns nil when there are none.
func (f *classifyFlags) readLabels(a *app) (vision.Labels, error) {
	if f.labels != "" {
		return vision.ReadLabels(f.labels)
	}
	m, err := model.ReadFile(f.path)
	if err != nil {
		return nil, err
	}
	names, err := m.Labels()
	if err != nil {
		a.complain("warning: no labels: %s", err)
	}
	if len(names) == 0 {
		return nil, nil
	}
	labels := make(vision.Labels, len(names))
	for id, name := range names {
		if name != "" {
			labels[id] = name
		}
	}
	return labels, nil
}

// classifier opens its session for the first picture that can be read, so that a
// mistake in the names of pictures costs no time.
type classifier struct {
	app     *app
	flags   *classifyFlags
	labels  vision.Labels
	session *coral.Session

	introduced bool
}

func (c *classifier) close() { c.session.Close() }

func (c *classifier) classify(ctx context.Context, name string) error {
	img, err := c.app.loadPicture(name)
	if err != nil {
		return err
	}
	if c.session == nil {
		if c.session, err = c.flags.open(ctx, c.app); err != nil {
			return finalError{err}
		}
	}
	result, err := vision.Classify(ctx, c.session, img, c.options()...)
	if err != nil { // of the model or its device, and so for every picture
		return finalError{err}
	}
	c.introduce(ctx)
	out := classifyOutput{
		Image: name, Device: c.session.Device().String(), Reason: c.session.Reason(), Backend: c.session.Backend(),
		Classes:    make([]class, len(result.Classes)),
		Preprocess: milliseconds(result.Preprocess), Invoke: milliseconds(result.Invoke),
	}
	for k, found := range result.Classes {
		out.Classes[k] = class{ID: found.ID, Label: found.Label, Score: real(found.Score)}
	}
	if c.app.asJSON {
		return c.app.printJSON(out)
	}
	c.app.printClasses(out)
	return nil
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
func (c *classifier) introduce(ctx context.Context) {
	if c.introduced {
		return
	}
	c.introduced = true
	if !c.app.asJSON {
		c.app.introduce(ctx, c.session)
	}
	c.compareLabels()
}

// compareLabels warns of labels for another model. The classic mistake is off by one:
// some models have a class for "background" first.
func (c *classifier) compareLabels() {
	outputs := c.session.Outputs()
	if c.labels == nil || len(outputs) == 0 {
		return
	}
	classes, missing := outputs[0].Elements(), 0
	for id := range classes {
		if _, ok := c.labels.Name(id); !ok {
			missing++
		}
	}
	switch surplus := len(c.labels) - (classes - missing); {
	case missing > 0:
		c.app.complain("warning: %d of the model's %d classes have no label, their numbers stand for it: choose other --labels", missing, classes)
	case surplus > 0:
		c.app.complain("warning: there are %d labels for the model's %d classes: choose other --labels", len(c.labels), classes)
	}
}

func (c *classifier) options() []vision.Option {
	opts := []vision.Option{vision.WithTopK(c.flags.top.value), vision.WithLabels(c.labels)}
	if c.flags.threshold.given {
		opts = append(opts, vision.WithThreshold(c.flags.threshold.value))
	}
	return opts
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
