package main

import (
	"context"
	"fmt"
	"image"
	"math"
	"os"
	"strconv"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/vision"
)

// classifyFlags are those of coral classify.
type classifyFlags struct {
	modelFlags
	labels    string
	top       intFlag
	threshold float64
}

// stdinName stands for standard input where a picture's path is expected.
const stdinName = "-"

func (a *app) classifyCommand() *cobra.Command {
	f := classifyFlags{top: intFlag{value: 5, min: 0, max: math.MaxInt32}}
	c := a.does(&cobra.Command{
		Use:   "classify -m MODEL [-l LABELS] IMAGE…",
		Short: "Tell what is in pictures",
		Long: `Tell what is in pictures: PNG, JPEG, BMP, GIF (its first frame) or WebP; - reads one
from standard input.

Labels come from LABELS, one a line or as "number label", else from the model's metadata.
A class without a label is shown by its number. A picture that cannot be read does not
keep the others from being classified.`,
		Example: `  coral classify -m mobilenet.tflite -l labels.txt parrot.jpg
  coral classify -m mobilenet.tflite -l labels.txt --top 1 --threshold 0.5 *.jpg --json
  camera | coral classify -m mobilenet_edgetpu.tflite -l labels.txt --device usb -`,
		Args: someArguments("IMAGE"),
	}, func(ctx context.Context, images []string) error { return a.classify(ctx, &f, images) })
	f.define(c)
	c.ValidArgsFunction = completePictures
	c.Flags().StringVarP(&f.labels, "labels", "l", "", "the names of the classes, a `FILE`")
	c.Flags().Var(&f.top, "top", "how many classes to show, at the most")
	c.Flags().Float64Var(&f.threshold, "threshold", math.Inf(-1), "the `SCORE` that a class needs to be shown (default: any)")
	// The error would be that the flag does not exist.
	_ = c.MarkFlagFilename("labels", "txt")
	return c
}

func completePictures(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"png", "jpg", "jpeg", "bmp", "gif", "webp"}, cobra.ShellCompDirectiveFilterFileExt
}

// classifyOutput is the JSON of coral classify, one for each picture.
type classifyOutput struct {
	Image      string        `json:"image"`
	Device     string        `json:"device"`
	Reason     string        `json:"reason"`
	Backend    string        `json:"backend"`
	Classes    []classOutput `json:"classes"`
	Preprocess real          `json:"preprocess_ms"`
	Invoke     real          `json:"invoke_ms"`
}

type classOutput struct {
	ID    int    `json:"id"`
	Label string `json:"label"`
	Score real   `json:"score"`
}

// classifier is a command in progress.
type classifier struct {
	*app
	session *coral.Session
	labels  vision.Labels
	options []vision.Option
	bar     *progressbar.ProgressBar // nil without a terminal, or for one picture
	warned  bool                     // of classes without a label
}

func (a *app) classify(ctx context.Context, f *classifyFlags, images []string) error {
	labels, err := f.readLabels()
	if err != nil {
		return err
	}
	s, err := f.open(ctx, a)
	if err != nil {
		return err
	}
	defer s.Close()
	c := &classifier{app: a, session: s, labels: labels, bar: a.progress(len(images)), options: []vision.Option{
		vision.WithTopK(f.top.value), vision.WithThreshold(float32(f.threshold)), vision.WithLabels(labels),
	}}
	if !a.asJSON {
		a.introduce(s)
	}
	failed := false
	for _, image := range images {
		err := c.one(ctx, image)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = true
			c.say(func() { a.complain("%s", explain(err)) })
		}
		c.advance()
	}
	if failed {
		return errReported
	}
	return nil
}

// readLabels is nil without labels.
func (f *classifyFlags) readLabels() (vision.Labels, error) {
	if f.labels != "" {
		return vision.ReadLabels(f.labels)
	}
	m, err := model.ReadFile(f.path)
	if err != nil {
		return nil, nil //nolint:nilerr // opening the model will tell, and better
	}
	names, err := m.Labels()
	if err != nil {
		return nil, fmt.Errorf("labels in %s: %w", f.path, err)
	}
	labels := make(vision.Labels, len(names))
	for id, name := range names {
		labels[id] = name
	}
	return labels, nil
}

// one classifies a picture.
func (c *classifier) one(ctx context.Context, path string) error {
	picture, err := c.load(path)
	if err != nil {
		return err
	}
	result, err := vision.Classify(ctx, c.session, picture, c.options...)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	c.warnOfMissingLabels(result.Classes)
	out := classifyOutput{
		Image: path, Device: c.session.Device().String(), Reason: c.session.Reason(), Backend: c.session.Backend(),
		Classes:    make([]classOutput, len(result.Classes)),
		Preprocess: milliseconds(result.Preprocess), Invoke: milliseconds(result.Invoke),
	}
	for k, class := range result.Classes {
		out.Classes[k] = classOutput{ID: class.ID, Label: class.Label, Score: real(class.Score)}
	}
	if c.asJSON {
		return c.printJSON(out)
	}
	c.say(func() { c.show(out) })
	return nil
}

func (c *classifier) load(path string) (image.Image, error) {
	if path != stdinName {
		return vision.Load(path)
	}
	picture, err := vision.Decode(c.stdin)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return picture, nil
}

func (c *classifier) show(out classifyOutput) {
	c.print("%s: preprocessing %s ms, inference %s ms", out.Image, out.Preprocess.text(), out.Invoke.text())
	rows := make([][]string, len(out.Classes))
	for k, class := range out.Classes {
		rows[k] = []string{"", strconv.FormatFloat(float64(class.Score), 'f', 4, 64), class.Label}
		if class.Label != strconv.Itoa(class.ID) {
			rows[k] = append(rows[k], "(class "+strconv.Itoa(class.ID)+")")
		}
	}
	c.table(rows)
	if len(rows) == 0 {
		c.print("  no class reaches the threshold")
	}
}

// warnOfMissingLabels says once that numbers stand in for labels.
func (c *classifier) warnOfMissingLabels(classes []vision.Class) {
	if c.warned || len(c.labels) == 0 {
		return // no labels at all are no oversight
	}
	for _, class := range classes {
		if _, ok := c.labels.Name(class.ID); !ok {
			c.warned = true
			c.say(func() {
				c.complain("warning: there are %d labels and none for class %d: its number stands for it; is this the model's label file?", len(c.labels), class.ID)
			})
			return
		}
	}
}

// progress is a bar for people who wait, nil if nobody looks or it would be brief.
func (a *app) progress(pictures int) *progressbar.ProgressBar {
	f, ok := a.stderr.(*os.File)
	if pictures < 2 || !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return progressbar.NewOptions(pictures,
		progressbar.OptionSetWriter(f),
		progressbar.OptionSetDescription("classifying"),
		progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish())
}

func (c *classifier) advance() {
	if c.bar != nil {
		_ = c.bar.Add(1) // it is decoration
	}
}

// say prints without the bar in the way.
func (c *classifier) say(print func()) {
	if c.bar == nil {
		print()
		return
	}
	_ = c.bar.Clear()
	print()
	_ = c.bar.RenderBlank()
}
