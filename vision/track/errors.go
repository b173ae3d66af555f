package track

import "github.com/gocoral/coral/internal/errs"

// The sentinels that this package's errors wrap; test for them with errors.Is.
var (
	// ErrRange: a number of an option that cannot be.
	ErrRange = errs.ErrRange
	// ErrSize: a zone of fewer than three corners, or a line without length.
	ErrSize = errs.ErrSize
	// ErrOption: a zone or line without a name, or with that of another.
	ErrOption = errs.ErrOption
)
