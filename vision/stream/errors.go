package stream

import (
	"errors"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/vision"
)

// The sentinels that this package's errors wrap; test for them with errors.Is. Errors of
// files are those of io/fs, and of pictures those of package vision.
var (
	// ErrSource: a camera, server or program that does not deliver.
	ErrSource = errors.New("the source cannot be read")
	// ErrFFmpeg: the program ffmpeg, which reads and writes videos, is not installed.
	ErrFFmpeg = errors.New("ffmpeg is not installed")
	// ErrWrite: a video that could not be written.
	ErrWrite = errors.New("the video cannot be written")
	// ErrFormat: what comes is no stream of pictures, or a video cannot be written as that.
	ErrFormat = errors.New("not a format for streams")
	// ErrDamaged: a picture that ends too early or contradicts itself.
	ErrDamaged = vision.ErrDamaged
	// ErrTooLarge: a picture that takes more bytes than allowed, see [WithMaxFrame].
	ErrTooLarge = vision.ErrTooLarge
	// ErrSize: a picture without pixels, or of another size than those before it.
	ErrSize = errs.ErrSize
	// ErrRange: a number of an option that cannot be.
	ErrRange = errs.ErrRange
	// ErrClosed: the video, or the broadcast, was closed before the call.
	ErrClosed = errs.ErrClosed
	// ErrPlatform: this operating system has no such cameras.
	ErrPlatform = errs.ErrPlatform
)
