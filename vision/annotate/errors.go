package annotate

import (
	"errors"

	"github.com/gocoral/coral/vision"
)

// The sentinels that this package's errors wrap; test for them with errors.Is. All but
// ErrFormat are those of package vision.
var (
	// ErrFormat: a file name that does not end as one of a picture format that can be written.
	ErrFormat = errors.New("not a picture format that can be written")
	// ErrDamaged: an image whose pixels cannot be read.
	ErrDamaged = vision.ErrDamaged
	// ErrTooLarge: a picture of more pixels than vision.DefaultMaxPixels.
	ErrTooLarge = vision.ErrTooLarge
	// ErrSize: a picture without pixels.
	ErrSize = vision.ErrSize
)
