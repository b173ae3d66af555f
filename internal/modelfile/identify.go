package modelfile

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/gocoral/coral/internal/errs"
)

// Files that people give to a program in place of a model, by how they begin.
var mistakes = []struct{ magic, what string }{
	{"version https://git-lfs", "a Git LFS pointer: run git lfs pull to fetch the model itself"},
	{"PK\x03\x04", "a ZIP archive: unpack it, or convert the Keras or PyTorch model in it"},
	{"\x1f\x8b", "a gzip archive: decompress it first"},
	{"\x89HDF\r\n", "a Keras HDF5 file: convert it with the TensorFlow Lite converter"},
	{"\x89PNG", "a PNG image"},
	{"\xff\xd8\xff", "a JPEG image"},
	{"BM", "a BMP image"},
	{"GIF8", "a GIF image"},
	{"%PDF", "a PDF document"},
	{"\x7fELF", "a program or shared library"},
	{"<", "an HTML or XML page: the download probably failed"},
}

// Identify reports an error, which wraps ErrBadModel and says what b looks like, if b does
// not begin as a TensorFlow Lite model does.
func Identify(b []byte) error {
	if err := identify(b); err != nil {
		return fmt.Errorf("%w: %w", errs.ErrBadModel, err)
	}
	return nil
}

func identify(b []byte) error {
	switch {
	case len(b) == 0:
		return fmt.Errorf("the file is empty")
	case len(b) >= 8 && string(b[4:8]) == "TFL3":
		return nil
	}
	for _, m := range mistakes {
		if bytes.HasPrefix(b, []byte(m.magic)) {
			return fmt.Errorf("this looks like %s", m.what)
		}
	}
	switch {
	case isText(b):
		return fmt.Errorf("this looks like a text file, beginning with %q", b[:min(len(b), 20)])
	case len(b) < 8:
		return fmt.Errorf("%d bytes are too short for a model", len(b))
	}
	return fmt.Errorf("bytes 4 to 7 are %q in place of \"TFL3\"", b[4:8])
}

// isText reports whether the beginning of b is text without control characters.
func isText(b []byte) bool {
	head := b[:min(len(b), 512)]
	for len(head) > 0 {
		r, size := utf8.DecodeRune(head)
		switch {
		case r == utf8.RuneError && size <= 1:
			return len(head) < utf8.UTFMax && len(b) > 512 // Cut in the middle of a character.
		case r < ' ' && r != '\n' && r != '\r' && r != '\t', r == 0x7f:
			return false
		}
		head = head[size:]
	}
	return true
}
