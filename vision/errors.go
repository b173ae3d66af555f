package vision

import (
	"errors"

	"github.com/gocoral/coral/internal/errs"
)

// The sentinels that this package's errors wrap; test for them with errors.Is.
// Errors of a model's run are those of package coral, and of files those of io/fs.
var (
	// ErrFormat: the bytes are none of the picture formats, or a variant of one that
	// cannot be read.
	ErrFormat = errors.New("not a picture this program can read")
	// ErrDamaged: a picture that ends too early or contradicts itself.
	ErrDamaged = errors.New("picture is truncated or damaged")
	// ErrTooLarge: a picture with more pixels than allowed, see [WithMaxPixels].
	ErrTooLarge = errors.New("picture is too large")
	// ErrLabels: a file that holds no labels, or contradicts itself.
	ErrLabels = errors.New("not a label file")
	// ErrModel: the model's inputs or outputs are not those of the task.
	ErrModel = errors.New("the model is not made for this task")
	// ErrSize: a picture without pixels, or an option out of range.
	ErrSize = errs.ErrSize
	// ErrType: an input tensor of a type that no picture goes into.
	ErrType = errs.ErrType
)
