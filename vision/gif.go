package vision

import (
	"bytes"
	"image"
	"image/gif"
	"io"
	"slices"
)

// Package image/gif forgets the colour of transparent pixels, which shows where
// transparency is dropped. So it is not told
// which these are.

// Blocks of a GIF file, by their first byte or, for extensions, their second.
const (
	gifExtension = 0x21
	gifControl   = 0xf9
	gifFrame     = 0x2c
)

func decodeGIF(s *source, c loadConfig) (image.Image, orientation, error) {
	config, err := gif.DecodeConfig(bytes.NewReader(s.peek(gifHeader + 3*256)))
	if err != nil {
		return nil, upright, err
	}
	w, h := config.Width, config.Height
	p := cost{w, h, (1 + 4) * area(w, h)} // the frame, and a canvas if it is smaller
	img, err := decodeChecked(s, c, p, func(io.Reader) (image.Image, error) {
		header, err := opaqueGIFHeader(s)
		if err != nil {
			return nil, err
		}
		return gif.Decode(io.MultiReader(bytes.NewReader(header), s))
	})
	if err != nil {
		return nil, upright, err
	}
	return onCanvas(img, w, h), upright, nil
}

const gifHeader = 13 // bytes before the palette

// opaqueGIFHeader reads up to the first frame, and returns what a decoder needs of that.
// A transparent colour that is in no palette stays transparent, for lack of another.
func opaqueGIFHeader(s *source) ([]byte, error) {
	header := make([]byte, gifHeader)
	if _, err := io.ReadFull(s, header); err != nil {
		return nil, unexpected(err)
	}
	colours := gifColours(header[10])
	palette := make([]byte, 3*colours)
	if _, err := io.ReadFull(s, palette); err != nil {
		return nil, unexpected(err)
	}
	control, err := readGIFExtensions(s)
	if err != nil {
		return nil, unexpected(err)
	}
	if frame := s.peek(10); len(frame) == 10 && frame[0] == gifFrame {
		if own := gifColours(frame[9]); own > 0 {
			colours = own
		}
	}
	if control == nil {
		return slices.Concat(header, palette), nil
	}
	if int(control[3]) < colours {
		control[0] &^= 1 // the flag for a transparent colour
	}
	return slices.Concat(header, palette, []byte{gifExtension, gifControl, 4}, control[:], []byte{0}), nil
}

// gifColours is the length of the palette that flags tell of.
func gifColours(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 2 << (flags & 7)
}

// readGIFExtensions reads what stands before a frame: comments and the like, which do not
// count, and its control block, nil if there is none. That has flags, a delay of two
// bytes, and the number of the transparent colour.
func readGIFExtensions(s *source) (control *[4]byte, err error) {
	for {
		start := s.peek(2)
		if len(start) < 2 || start[0] != gifExtension {
			return control, nil
		}
		isControl := start[1] == gifControl
		if _, err := s.Discard(2); err != nil {
			return nil, err
		}
		for {
			size, err := s.ReadByte()
			if err != nil {
				return nil, err
			}
			if size == 0 {
				break
			}
			block := make([]byte, size)
			if _, err := io.ReadFull(s, block); err != nil {
				return nil, err
			}
			if isControl && size == 4 {
				control = (*[4]byte)(block)
			}
		}
	}
}
