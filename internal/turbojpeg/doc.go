// Package turbojpeg decodes JPEG files by libjpeg-turbo, through its TurboJPEG interface,
// which is opened at run time: a program that imports this starts on machines without it,
// and [Installed] tells.
//
//	l, err := turbojpeg.Installed()
//	if err == nil {
//		img, err = l.YCbCr(file, turbojpeg.Header{Width: 1920, Height: 1080, Sampling: image.YCbCrSubsampleRatio420}, 4)
//	}
//
// The functions are those of TurboJPEG 2, which version 3 still has. It was tested with 2.1.
//
// # What is trusted
//
// The caller says what a file's header holds and gives memory for that. Before a pixel is
// written the library has to see the same in the file: what differs gives [ErrHeader]. The
// library warns of files that are damaged and decodes what is there; here a warning is an
// error, and says so.
//
// The library is never unloaded. Each file has a decoder of its own, which ends with it: one
// is made in microseconds, and nothing of a hostile file outlives it.
package turbojpeg
