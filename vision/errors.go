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
	// ErrTooLarge: a picture that would take more memory or time than allowed, see
	// [WithMaxMemory] and [WithMaxPixels].
	ErrTooLarge = errors.New("picture is too large")
	// ErrLabels: a file that holds no labels, or contradicts itself.
	ErrLabels = errors.New("not a label file")
	// ErrGallery: a file that is no gallery, or one of another model.
	ErrGallery = errors.New("not a gallery that can be used here")
	// ErrModel: the model's inputs or outputs are not those of the task.
	ErrModel = errors.New("the model is not made for this task")
	// ErrOption: an option that does not go with the others, or with the call.
	ErrOption = errors.New("option cannot be used here")
	// ErrSize: a picture without pixels, or one whose channels do not fit an option's.
	ErrSize = errs.ErrSize
	// ErrRange: a number of an option, or of an input or output, that cannot be.
	ErrRange = errs.ErrRange
	// ErrType: an input tensor of a type that no picture goes into.
	ErrType = errs.ErrType
)
