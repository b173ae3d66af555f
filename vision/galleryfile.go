package vision

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gocoral/coral/internal/files"
)

// galleryFile is what a file holds.
type galleryFile struct {
	Format    int            `json:"format"`
	Model     string         `json:"model,omitempty"`
	Dimension int            `json:"dimension"`
	Vectors   []galleryEntry `json:"vectors"`
}

const (
	galleryFormat  = 1
	maxGalleryFile = 256 << 20 // bytes
)

// reload reads the file, if there is one.
func (g *Gallery) reload() error {
	if g.path == "" {
		return nil
	}
	text, err := readGallery(g.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && len(g.entries) == 0:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return nil // somebody has removed it; the next change writes it again
	case err != nil:
		return err
	}
	file, err := parseGallery(text)
	if err == nil && g.model != "" && file.Model != "" && g.model != file.Model {
		err = fmt.Errorf("%w: its vectors are of the model %q, and not of %q: vectors of different models cannot be compared", ErrGallery, excerpt(file.Model), excerpt(g.model))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", g.path, err)
	}
	if g.model == "" {
		g.model = file.Model
	}
	g.entries = file.Vectors
	return nil
}

func readGallery(path string) ([]byte, error) {
	f, err := files.Open(path)
	if err != nil {
		if errors.Is(err, files.ErrNotRegular) {
			err = fmt.Errorf("%w: %w", ErrGallery, err)
		}
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxGalleryFile+1))
	if err == nil && len(text) > maxGalleryFile {
		err = fmt.Errorf("%s: %w: it is larger than %d bytes", path, ErrGallery, maxGalleryFile)
	}
	return text, err
}

func parseGallery(text []byte) (galleryFile, error) {
	var file galleryFile
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&file); err != nil {
		return file, fmt.Errorf("%w: it is damaged, or something else: %w", ErrGallery, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return file, fmt.Errorf("%w: there is something behind its end", ErrGallery)
	}
	if file.Format != galleryFormat {
		return file, fmt.Errorf("%w: it has format %d, this program reads format %d", ErrGallery, file.Format, galleryFormat)
	}
	for k := range file.Vectors {
		if err := file.Vectors[k].check(file.Dimension); err != nil {
			return file, fmt.Errorf("%w: vector %d: %w", ErrGallery, k, err)
		}
	}
	slices.SortStableFunc(file.Vectors, func(a, b galleryEntry) int { return strings.Compare(a.Name, b.Name) })
	return file, nil
}

// check makes sure that an entry of a file is as Add would have written it.
func (e galleryEntry) check(dimension int) error {
	switch length := math.Sqrt(dot(e.Vector, e.Vector)); {
	case e.Name == "":
		return fmt.Errorf("it has no name: %w", ErrLabels)
	case len(e.Vector) != dimension || dimension == 0:
		return fmt.Errorf("it has %d numbers, the gallery's dimension is %d: %w", len(e.Vector), dimension, ErrSize)
	case !(math.Abs(length-1) < 1e-3):
		return fmt.Errorf("its length is %v and not 1: %w", length, ErrRange)
	}
	return nil
}

// write replaces the file in one step: whoever reads it sees the old or the new one, also
// after a loss of power.
func (g *Gallery) write(entries []galleryEntry) error {
	if g.path == "" {
		return nil
	}
	file := galleryFile{Format: galleryFormat, Model: g.model, Vectors: entries}
	if len(entries) > 0 {
		file.Dimension = len(entries[0].Vector)
	} else {
		file.Vectors = []galleryEntry{} // "[]", not "null"
	}
	text, err := json.Marshal(file)
	if err != nil {
		return err
	}
	if len(text) > maxGalleryFile {
		return fmt.Errorf("%w: it would take %d bytes, a gallery has %d at most", ErrGallery, len(text), maxGalleryFile)
	}
	path := g.path
	if linked, err := filepath.EvalSymlinks(path); err == nil {
		path = linked // the file, not the link to it
	}
	return replaceFile(path, append(text, '\n'))
}

// replaceFile writes a new file beside the old one and gives it its name. The new one is for
// the user alone, as vectors of faces should be.
func replaceFile(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
