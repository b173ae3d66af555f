package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/annotate"
)

// embedFlags are those of coral embed that are about vectors.
type embedFlags struct {
	pictureFlags
	file string // of the gallery, "" for none
	name string // to add the pictures under, "" to search for them
	best intFlag

	gallery *vision.Gallery
}

func (a *app) embedCommand() *cobra.Command {
	f := embedFlags{best: intFlag{value: 5, min: 1, max: 1 << 20}}
	c := a.pictureCommand(&cobra.Command{
		Use:   "embed",
		Short: "Tell which known pictures others resemble",
		Long: `Turn pictures into vectors of length 1, with a model whose output is one: pictures that
show the same have similar vectors. A gallery is a file with named vectors of one model:
--add puts pictures into it, and without it the names are shown whose pictures are most
similar, from 1 for the same to -1. From where on two are the same depends on the model.

All pictures look alike to a model that gets them in the wrong range: set --mean and --std
if a warning says so.`,
		Example: `  coral embed -m embedding.tflite --gallery faces.json --add Ada ada1.jpg ada2.jpg
  coral embed -m embedding.tflite --gallery faces.json visitor.jpg
  coral embed -m embedding.tflite --json parrot.jpg | jq .vector`,
	}, &f.pictureFlags, f.embed)
	f.define(c, usual{fit: "stretch", filter: "area"})
	c.Flags().Var(nameFlag{&f.file}, "gallery", "`FILE` with vectors and their names, which the first --add makes")
	c.Flags().Var(nameFlag{&f.name}, "add", "add the pictures to the gallery under this `NAME`")
	c.Flags().Var(&f.best, "top", "the most similar names to show, at most")
	_ = c.MarkFlagFilename("gallery", "json")
	pictures := c.Args
	c.Args = func(c *cobra.Command, args []string) error {
		if f.name != "" && f.file == "" {
			return errors.New("--add needs a gallery: name its file with --gallery")
		}
		return pictures(c, args)
	}
	return c
}

// vectorFound, addedAs and matchesFound are what coral embed has found, in JSON.
type vectorFound struct {
	Vector []float32 `json:"vector"`
}

type addedAs struct {
	Added string `json:"added"`
}

type matchesFound struct {
	Matches []match `json:"matches"`
}

type match struct {
	Name       string `json:"name"`
	Similarity real   `json:"similarity"`
}

func (f *embedFlags) embed(ctx context.Context, s *coral.Session, img image.Image, opts []vision.Option) (sight, error) {
	r, err := vision.Embed(ctx, s, img, opts...)
	if err != nil {
		return sight{}, err
	}
	seen := sight{timing: r.Timing, normalization: r.Normalization, warnings: r.Warnings}
	switch {
	case f.file == "":
		seen.found = vectorFound{r.Vector}
		seen.say(fmt.Sprintf("a vector of %d numbers, which --json shows", len(r.Vector)))
		return seen, nil
	case f.gallery == nil:
		if f.gallery, err = f.openGallery(); err != nil {
			return sight{}, finalError{err}
		}
	}
	if f.name != "" {
		seen.found = addedAs{f.name}
		seen.say("added as " + f.name)
		return seen, f.gallery.Add(f.name, r.Vector)
	}
	err = f.search(&seen, r.Vector)
	return seen, err
}

// openGallery opens that of the model in its form for the CPU, whose vectors are those of
// the other one but for rounding.
func (f *embedFlags) openGallery() (*vision.Gallery, error) {
	m, err := model.ReadFile(f.path)
	if err != nil {
		return nil, err
	}
	if m.IsEdgeTPU() {
		if twin, err := model.ReadFile(cmp.Or(f.twin, model.TwinPath(f.path))); err == nil {
			m = twin
		}
	}
	sum := sha256.Sum256(m.Bytes())
	return vision.OpenGallery(f.file, hex.EncodeToString(sum[:]))
}

func (f *embedFlags) search(seen *sight, vector []float32) error {
	all, err := f.gallery.Search(vector, f.best.value)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return finalError{fmt.Errorf("%s: the gallery is empty: add pictures with --add NAME", f.file)}
	}
	found := matchesFound{}
	var captions []string
	for _, m := range all {
		found.Matches = append(found.Matches, match{m.Name, real(m.Score)})
		seen.rows = append(seen.rows, []string{"  " + scoreText(m.Score), m.Name})
		captions = append(captions, fmt.Sprintf("%.2f %s", m.Score, m.Name))
	}
	seen.found = found
	seen.draw = func(c *annotate.Canvas) { c.Caption(captions...) }
	return nil
}

// say makes a sight of one sentence.
func (s *sight) say(text string) {
	s.rows = [][]string{{"  " + text}}
	s.draw = func(c *annotate.Canvas) { c.Caption(text) }
}
