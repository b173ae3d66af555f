package annotate

import (
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gocoral/coral/internal/errs"
)

// quality is that of JPEG files, from 1 to 100.
const quality = 90

// Save writes the picture to the file at path, as PNG or JPEG, by the end of the name: .png,
// .jpg or .jpeg. Another end gives [ErrFormat], a nil or empty picture [ErrSize], one whose
// pixels cannot be read [ErrDamaged]; other errors are those of files. No file is left then.
func Save(path string, img image.Image) error {
	if err := save(path, img); err != nil {
		return fmt.Errorf("annotate: save: %w", err)
	}
	return nil
}

func save(path string, img image.Image) error {
	encode, err := encoderFor(path)
	if err != nil {
		return err
	}
	if errs.IsNil(img) || img.Bounds().Empty() {
		return fmt.Errorf("the picture has no pixels: %w", ErrSize)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = write(f, img, encode)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(path)
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func write(w io.Writer, img image.Image, encode encoder) (err error) {
	defer recovered(img, &err)
	return encode(w, img)
}

type encoder func(io.Writer, image.Image) error

func encoderFor(path string) (encoder, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".png":
		// The default takes ten times as long, and saves a sixth of the size: 8 s for a
		// photograph of 4000×2667 pixels.
		return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode, nil
	case ".jpg", ".jpeg":
		return func(w io.Writer, img image.Image) error {
			return jpeg.Encode(w, img, &jpeg.Options{Quality: quality})
		}, nil
	default:
		return nil, fmt.Errorf("%s: %q is %w: end the name in .png, .jpg or .jpeg", path, ext, ErrFormat)
	}
}
