package vision

import (
	"context"
	"fmt"
	"image"
	"math"
	"time"

	"github.com/gocoral/coral"
)

// tilesConfig is what WithTiles says.
type tilesConfig struct {
	width   int
	overlap float64
}

// The limits of tiles.
const (
	maxOverlap   = 0.9
	maxTiles     = 10000
	maxTileWidth = 1 << 16 // as wide as pictures are
)

// WithTiles has [Detect] look at parts of the picture too, for objects that are small in a
// large one: at the whole, and then at tiles with the proportions of the model's input.
// width is that of a tile in pixels of the picture, 0 for that of the input; each overlaps
// the next by at least the given part of its size, which should be as large as the objects
// are: 0.2 is what SAHI takes. What is found in several tiles stays once: [WithIoU] applies,
// and what the edge of a tile cuts gives way to what covers it.
//
// The times are the sums. A width that no picture has, an overlap not between 0 and 0.9,
// and more than 10000 tiles give [ErrRange].
func WithTiles(width int, overlap float64) Option {
	return func(c *config) error {
		if width < 0 || width > maxTileWidth || !(overlap >= 0 && overlap <= maxOverlap) {
			return fmt.Errorf("tiles of width %d with an overlap of %v: the width is from 0 to %d, the overlap from 0 to %v: %w", width, overlap, maxTileWidth, maxOverlap, ErrRange)
		}
		c.detection.tiles = &tilesConfig{width, overlap}
		c.results = append(c.results, "WithTiles")
		return nil
	}
}

// detectTiled looks at the whole picture, or the part that the options name, and at its
// tiles.
func (c *config) detectTiled(ctx context.Context, s *coral.Session, img image.Image, fit Fit) (Detections, error) {
	r, err := c.run(ctx, s, img, fit)
	if err != nil {
		return Detections{}, err
	}
	start := time.Now()
	all, err := c.found(r)
	if err != nil {
		return Detections{}, err
	}
	d := c.described(r, all)
	d.Timing.Decode = time.Since(start)
	whole := r.Placement.Crop
	tiles, err := c.detection.tiles.of(whole, r.Placement.Width, r.Placement.Height)
	if err != nil {
		return Detections{}, err
	}
	for _, tile := range tiles {
		part := *c
		part.crop = &tile
		r, err := part.run(ctx, s, img, fit)
		if err != nil {
			return Detections{}, err
		}
		start := time.Now()
		f, err := part.found(r)
		if err != nil {
			return Detections{}, err
		}
		all.candidates = append(all.candidates, cutBy(f.candidates, tile, whole)...)
		d.Timing.Preprocess += r.Preprocess
		d.Timing.Invoke += r.Invoke
		d.Timing.Decode += time.Since(start)
	}
	start = time.Now()
	all.candidates = merged(all.candidates, c.mergeIoU(all.kind))
	d.Objects, d.Warnings = c.named(all, r.Warnings)
	d.Timing.Decode += time.Since(start)
	return d, nil
}

// mergeIoU is for what several tiles show, which no head can see.
func (c *config) mergeIoU(kind headKind) float32 {
	if iou, ok := c.iouOf(kind); ok {
		return iou
	}
	return defaultIoU
}

// merged has each object once, the best first. What is whole goes before what is cut.
func merged(all []candidate, iou float32) []candidate {
	sortCandidates(all)
	var whole, cut []candidate
	for _, one := range all[:min(len(all), maxCandidates)] {
		if one.cut {
			cut = append(cut, one)
		} else {
			whole = append(whole, one)
		}
	}
	kept := suppressed(append(whole, cut...), iou)
	sortCandidates(kept)
	return kept
}

// cutBy marks what ends where the tile ends and the picture does not, give or take the
// fiftieth part of the tile.
func cutBy(all []candidate, tile, whole image.Rectangle) []candidate {
	near := func(edge float32, at, end, size int) bool {
		return at != end && math.Abs(float64(edge)-float64(at)) <= float64(size)/50
	}
	for k := range all {
		b := all[k].box
		all[k].cut = near(b.XMin, tile.Min.X, whole.Min.X, tile.Dx()) || near(b.XMax, tile.Max.X, whole.Max.X, tile.Dx()) ||
			near(b.YMin, tile.Min.Y, whole.Min.Y, tile.Dy()) || near(b.YMax, tile.Max.Y, whole.Max.Y, tile.Dy())
	}
	return all
}

// of are the tiles of a part of a picture, for an input of that size. There are none where
// one would be the whole.
func (t tilesConfig) of(part image.Rectangle, inputWidth, inputHeight int) ([]image.Rectangle, error) {
	width := t.width
	if width == 0 {
		width = inputWidth
	}
	height := max(int(math.Round(float64(width)*float64(inputHeight)/float64(inputWidth))), 1)
	columns, rows := t.count(part.Dx(), width), t.count(part.Dy(), height)
	if columns > maxTiles/rows {
		return nil, fmt.Errorf("%d×%d tiles of %d×%d pixels: there may be %d: %w", columns, rows, width, height, maxTiles, ErrRange)
	}
	if columns*rows == 1 {
		return nil, nil
	}
	var tiles []image.Rectangle
	for row := range rows {
		for column := range columns {
			at := part.Min.Add(image.Pt(spread(column, columns, part.Dx()-width), spread(row, rows, part.Dy()-height)))
			tiles = append(tiles, image.Rect(at.X, at.Y, at.X+width, at.Y+height).Intersect(part))
		}
	}
	return tiles, nil
}

// count is how many tiles go along a side.
func (t tilesConfig) count(length, tile int) int {
	if tile >= length {
		return 1
	}
	step := max(int(float64(tile)*(1-t.overlap)), 1)
	return 1 + (length-tile+step-1)/step
}

// spread is where tile k of n begins, if the last one begins at room.
func spread(k, n, room int) int {
	if n == 1 {
		return 0
	}
	return k * room / (n - 1)
}
