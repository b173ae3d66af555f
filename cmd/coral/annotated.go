package main

import (
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gocoral/coral/vision/annotate"
)

// annotatedEndings are those of pictures that can be written.
var annotatedEndings = []string{".png", ".jpg", ".jpeg"}

// annotatedFiles are where the pictures are written to, "" for nowhere. The folder is made.
func annotatedFiles(output string, images []string) ([]string, error) {
	if output == "" {
		return make([]string, len(images)), nil
	}
	folder, err := isFolderName(output)
	if err != nil {
		return nil, err
	}
	if !folder {
		if len(images) > 1 {
			return nil, usagef("%d pictures do not go into the one file %s: give --output a folder", len(images), output)
		}
		return []string{output}, notOver(output, images)
	}
	if err := os.MkdirAll(output, 0o755); err != nil {
		return nil, err
	}
	files := annotatedNames(images)
	for k := range files {
		files[k] = filepath.Join(output, files[k])
		if err := notOver(files[k], images); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// isFolderName reports whether --output is a folder, or is going to be one, and refuses what
// looks like another kind of file.
func isFolderName(output string, otherFiles ...string) (bool, error) {
	ending := strings.ToLower(filepath.Ext(output))
	info, err := os.Stat(output)
	switch {
	case err == nil:
		return info.IsDir(), nil
	case os.IsPathSeparator(output[len(output)-1]) || ending == "":
		return true, nil
	case slices.Contains(annotatedEndings, ending) || slices.Contains(otherFiles, ending):
		return false, nil
	}
	return false, usagef("--output %s: files are written as %s; a / at the end makes it a folder",
		output, strings.Join(append(annotatedEndings, otherFiles...), ", "))
}

// annotatedNames are the pictures' own names, with an ending that can be written.
func annotatedNames(images []string) []string {
	bases, endings := make([]string, len(images)), make([]string, len(images))
	for k, name := range images {
		ending := filepath.Ext(name)
		bases[k], endings[k] = strings.TrimSuffix(filepath.Base(name), ending), ending
		if name == "-" {
			bases[k] = "stdin"
		}
		if !slices.Contains(annotatedEndings, strings.ToLower(ending)) {
			endings[k] = ".png"
		}
	}
	return different(bases, endings)
}

// notOver keeps the pictures that are looked at from being overwritten.
func notOver(file string, images []string) error {
	there, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range images {
		if picture, err := os.Stat(name); err == nil && os.SameFile(there, picture) {
			return usagef("%s would be overwritten: give --output another place", name)
		}
	}
	return nil
}

// annotate writes the picture with what was found.
func (s sight) annotate(img image.Image, file string) error {
	drawn, err := s.drawn(img)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return annotate.Save(file, drawn)
}

func (s sight) drawn(img image.Image) (image.Image, error) {
	canvas, err := annotate.New(img)
	if err != nil {
		return nil, err
	}
	s.draw(canvas)
	return canvas.Image(), nil
}
