package vision

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"unicode/utf8"
)

// Gallery is a set of named vectors of one model, such as those of the faces of a house's
// inhabitants. A name may have several, one for each picture of a person. It is made for some
// thousand of them: each search looks at all.
//
// A gallery that [OpenGallery] returned is kept in a file. The zero value is one in memory
// only. A Gallery may be used by several goroutines at the same time.
type Gallery struct {
	mu      sync.Mutex
	path    string // "": in memory only
	model   string
	entries []galleryEntry
}

// galleryEntry is a vector of length 1 with its name.
type galleryEntry struct {
	Name   string    `json:"name"`
	Vector []float32 `json:"vector"`
}

// Match is what [Gallery.Search] finds.
type Match struct {
	Name string `json:"name"`
	// Score is the [Cosine] of the vectors.
	Score float32 `json:"score"`
}

// OpenGallery opens the gallery in a file, or begins a new one if there is no such file; it is
// written with the first vector. model says which model the vectors are of, such as the
// SHA-256 of its file: a gallery of another model is refused with [ErrGallery]. With "" the
// number of dimensions alone tells.
//
// A file that is damaged, no gallery, or of a later version gives [ErrGallery], and is left
// as it is. An empty path gives a gallery in memory.
func OpenGallery(path, model string) (*Gallery, error) {
	g := &Gallery{path: path, model: model}
	if err := g.reload(); err != nil {
		return nil, fmt.Errorf("vision: open gallery: %w", err)
	}
	return g, nil
}

// Add adds a vector, which becomes one of length 1, and writes the file before it returns. If
// that fails, the gallery and its file are as before.
//
// A vector of another number of dimensions than those there gives [ErrGallery], one of zeros
// or of what is not finite [ErrRange], a name that is empty or no text [ErrLabels].
func (g *Gallery) Add(name string, vector []float32) error {
	err := g.change(func(entries []galleryEntry) ([]galleryEntry, error) {
		if name == "" || len(name) > maxLabel || !utf8.ValidString(name) {
			return nil, fmt.Errorf("%w: the name %q: it needs 1 to %d bytes of UTF-8", ErrLabels, excerpt(name), maxLabel)
		}
		if err := fits(entries, vector); err != nil {
			return nil, err
		}
		v, err := unit(vector)
		if err != nil {
			return nil, err
		}
		return insert(entries, galleryEntry{name, v}), nil
	})
	if err != nil {
		return fmt.Errorf("vision: add to gallery: %w", err)
	}
	return nil
}

// fits makes sure that a vector can be compared with those there.
func fits(entries []galleryEntry, vector []float32) error {
	if len(entries) > 0 && len(entries[0].Vector) != len(vector) {
		return fmt.Errorf("%w: its vectors have %d dimensions, this one has %d: they are of different models", ErrGallery, len(entries[0].Vector), len(vector))
	}
	return nil
}

// insert keeps entries in the order of their names, and those of one name in that in which
// they were added.
func insert(entries []galleryEntry, e galleryEntry) []galleryEntry {
	at, _ := slices.BinarySearchFunc(entries, e, func(have, e galleryEntry) int {
		if have.Name <= e.Name {
			return -1
		}
		return 1
	})
	return slices.Insert(entries, at, e)
}

// Remove removes all vectors of a name, writes the file, and returns how many there were: 0
// for a name that the gallery does not have, which is no error.
func (g *Gallery) Remove(name string) (int, error) {
	n := 0
	err := g.change(func(entries []galleryEntry) ([]galleryEntry, error) {
		before := len(entries)
		entries = slices.DeleteFunc(entries, func(e galleryEntry) bool { return e.Name == name })
		n = before - len(entries)
		return entries, nil
	})
	if err != nil {
		return 0, fmt.Errorf("vision: remove from gallery: %w", err)
	}
	return n, nil
}

// change replaces the entries by what f makes of a copy of them, and writes the file. It reads
// the file first, so that what another process has added is not lost.
func (g *Gallery) change(f func(entries []galleryEntry) ([]galleryEntry, error)) error {
	if g == nil {
		return fmt.Errorf("%w: it is nil", ErrGallery)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.reload(); err != nil {
		return err
	}
	entries, err := f(slices.Clone(g.entries))
	if err != nil {
		return err
	}
	if err := g.write(entries); err != nil {
		return err
	}
	g.entries = entries
	return nil
}

// Search returns the k names whose vectors are most similar to this one, the most similar
// first, and of equal ones in the order of the alphabet; all if k is below 0. Each name is
// there once, with the best of its vectors. It looks at what was there when the gallery was
// opened or changed last, and not at the file.
//
// A vector of another number of dimensions gives [ErrGallery], one of zeros or of what is not
// finite [ErrRange].
func (g *Gallery) Search(vector []float32, k int) ([]Match, error) {
	entries := g.all()
	v, err := unit(vector)
	if err == nil {
		err = fits(entries, vector)
	}
	if err != nil {
		return nil, fmt.Errorf("vision: search in gallery: %w", err)
	}
	matches := []Match{}
	for _, e := range entries { // those of one name come together
		score := similarity(v, e.Vector)
		if last := len(matches) - 1; last >= 0 && matches[last].Name == e.Name {
			matches[last].Score = max(matches[last].Score, score)
			continue
		}
		matches = append(matches, Match{e.Name, score})
	}
	slices.SortStableFunc(matches, func(a, b Match) int { return cmp.Compare(b.Score, a.Score) })
	if k >= 0 && k < len(matches) {
		matches = matches[:k]
	}
	return matches, nil
}

// Names are the names in the order of the alphabet, each once.
func (g *Gallery) Names() []string {
	names := []string{}
	for _, e := range g.all() {
		names = append(names, e.Name)
	}
	return slices.Compact(names)
}

// Len is the number of vectors.
func (g *Gallery) Len() int { return len(g.all()) }

// all are the entries, which nobody changes any more.
func (g *Gallery) all() []galleryEntry {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.entries
}
