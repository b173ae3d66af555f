package stream

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gocoral/coral/vision"
)

// pictureEnds are the ends of the names of files that are pictures.
var pictureEnds = []string{".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"}

// Pictures reads the pictures of a folder, or a single one, as vision.Load does: all files whose
// names end as those of pictures do (.png, .jpg, .jpeg, .bmp, .gif, .webp) and do not begin with
// a dot. Numbers in names count as numbers, so that frame2.png comes before frame10.png.
//
// A picture that cannot be read gives an error, and the next one follows. A folder without
// pictures gives [ErrFormat]; other errors are those of vision.Load and of files.
func Pictures(path string, opts ...Option) Source {
	return from(opts, func(_ context.Context, c config, deliver func(Frame, error) bool) error {
		files, err := picturesIn(path)
		if err != nil {
			return err
		}
		rate := c.rate
		if rate == 0 {
			rate = 1
		}
		for k, file := range files {
			img, err := vision.Load(file)
			if !deliver(Frame{Image: img, Time: at(k, rate), Name: file}, err) {
				return nil
			}
		}
		return nil
	})
}

func picturesIn(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && isPicture(e.Name()) && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: %w: there is no picture (%s) in the folder", path, ErrFormat, strings.Join(pictureEnds, ", "))
	}
	slices.SortFunc(names, natural)
	for k, name := range names {
		names[k] = filepath.Join(path, name)
	}
	return names, nil
}

func isPicture(name string) bool {
	return slices.Contains(pictureEnds, strings.ToLower(filepath.Ext(name)))
}
