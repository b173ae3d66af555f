package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strings"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/internal/files"
	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/annotate"
)

// sight is what a model has made of a picture, for programs, for people and to look at.
type sight struct {
	// found has the task's fields in JSON.
	found any
	count int // of what was found
	rows  [][]string
	// draw puts it into the picture.
	draw func(*annotate.Canvas)

	timing        vision.Timing
	normalization vision.Normalization
	head          string // of a detector
	warnings      []string
}

// look has a model look at a picture.
type look func(ctx context.Context, s *coral.Session, img image.Image, opts []vision.Option) (sight, error)

// measured are the fields of all tasks in JSON.
type measured struct {
	Preprocess real `json:"preprocess_ms"`
	Invoke     real `json:"invoke_ms"`
	Decode     real `json:"decode_ms,omitzero"`
	used
}

// used is how the model was understood.
type used struct {
	// Normalization is what the pixels were turned into.
	Normalization vision.Normalization `json:"normalization"`
	Head          string               `json:"head,omitempty"`
	// Warnings are the same for every picture.
	Warnings []string `json:"warnings"`
}

func (s sight) measured() measured {
	return measured{milliseconds(s.timing.Preprocess), milliseconds(s.timing.Invoke), milliseconds(s.timing.Decode), s.used()}
}

func (s sight) used() used {
	u := used{s.normalization, s.head, []string{}}
	for _, w := range s.warnings {
		u.Warnings = append(u.Warnings, explainText(inFlags.Replace(w)))
	}
	return u
}

// viewer shows pictures to a model. It opens its session for the first picture that can be
// read, so that a mistake in the names of pictures costs no time.
type viewer struct {
	app     *app
	flags   *pictureFlags
	look    look
	options []vision.Option
	labels  vision.Labels // nil for those of the model
	session *coral.Session

	introduced bool
}

// viewer reads the labels.
func (a *app) viewer(f *pictureFlags, do look, opts ...vision.Option) (*viewer, error) {
	v := &viewer{app: a, flags: f, look: do, options: append(f.options(), opts...)}
	if f.labels != "" {
		var err error
		if v.labels, err = readLabels(f.labels); err != nil {
			return nil, err
		}
		v.options = append(v.options, vision.WithLabels(v.labels))
	}
	return v, nil
}

func (v *viewer) close() { v.session.Close() }

// view shows a picture. Errors of the model or its device are final: they would be the same
// for every picture.
func (v *viewer) view(ctx context.Context, img image.Image) (sight, error) {
	if v.session == nil {
		s, err := v.flags.open(ctx, v.app)
		if err != nil {
			return sight{}, finalError{err}
		}
		v.session = s
	}
	seen, err := v.look(ctx, v.session, img, v.options)
	if err != nil && !isOfPicture(err) {
		err = finalError{err}
	}
	return seen, err
}

// isOfPicture reports whether another picture may fare better.
func isOfPicture(err error) bool {
	return errors.Is(err, vision.ErrDamaged) || errors.Is(err, vision.ErrTooLarge) || errors.Is(err, vision.ErrRange)
}

// introduce comes before the first result.
func (v *viewer) introduce(ctx context.Context, seen sight) {
	if v.introduced {
		return
	}
	v.introduced = true
	if !v.app.asJSON {
		v.app.introduce(ctx, v.session)
		if v.app.verbose {
			v.app.print("Pixels:   %s", seen.normalization)
			v.app.print("Labels:   %s", v.labelsText())
		}
		if v.app.verbose && seen.head != "" {
			v.app.print("Head:     %s", seen.head)
		}
	}
	v.warn(seen)
}

func (v *viewer) warn(seen sight) {
	for _, w := range seen.used().Warnings {
		v.app.complain("warning: %s", w)
	}
}

// labelsText says which names the classes have.
func (v *viewer) labelsText() string {
	if v.labels != nil {
		return fmt.Sprintf("%d of %s", len(v.labels), v.flags.labels)
	}
	m := v.session.Model()
	for k := range m.Outputs() {
		if l, err := vision.ModelLabels(m, k); err == nil && len(l) > 0 {
			return fmt.Sprintf("%d of the model's metadata", len(l))
		}
	}
	return "none"
}

// inFlags puts the library's warnings in the terms of the command.
var inFlags = strings.NewReplacer(
	"give mean and standard deviation", "set --mean and --std",
	"WithLabelOffset(0)", "--label-offset 0",
)

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
