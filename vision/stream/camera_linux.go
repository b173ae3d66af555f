package stream

import (
	"errors"
	"fmt"
	"image"
	"io/fs"
	"syscall"

	"github.com/blackjack/webcam"
)

// buffers is how many frames the driver holds. More would only be older.
const buffers = 3

// v4l2 is a device of Linux.
type v4l2 struct{ cam *webcam.Webcam }

func openDevice(path string) (device, error) {
	cam, err := webcam.Open(path)
	if err != nil {
		return nil, advise(err)
	}
	return v4l2{cam}, nil
}

// advise says what to do about an error.
func advise(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w: no camera is attached there", ErrSource, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w: join the group that owns the device, as a rule: usermod -aG video USER", ErrSource, err)
	case errors.Is(err, syscall.EBUSY):
		return fmt.Errorf("%w: %w: another program uses the camera", ErrSource, err)
	case errors.Is(err, syscall.ENOTTY), errors.Is(err, syscall.EINVAL):
		return fmt.Errorf("%w: %w: this is no camera", ErrSource, err)
	}
	return fmt.Errorf("%w: %w", ErrSource, err)
}

func (d v4l2) formats() []fourCC {
	var all []fourCC
	for f := range d.cam.GetSupportedFormats() {
		all = append(all, fourCC(f))
	}
	return all
}

func (d v4l2) sizes(f fourCC) []sizes {
	var all []sizes
	for _, s := range d.cam.GetSupportedFrameSizes(webcam.PixelFormat(f)) {
		all = append(all, sizes{
			image.Pt(int(s.MinWidth), int(s.MinHeight)),
			image.Pt(int(s.MaxWidth), int(s.MaxHeight)),
			image.Pt(int(s.StepWidth), int(s.StepHeight)),
		})
	}
	return all
}

// The library does not tell which size a driver took in place of another; so it is asked for
// one that the driver has listed.
func (d v4l2) start(f fourCC, size image.Point, rate float64) error {
	got, _, _, err := d.cam.SetImageFormat(webcam.PixelFormat(f), uint32(size.X), uint32(size.Y))
	if err != nil {
		return advise(err)
	}
	if fourCC(got) != f {
		return fmt.Errorf("%w: the camera sends %v where it offered %v", ErrFormat, fourCC(got), f)
	}
	if rate > 0 {
		_ = d.cam.SetFramerate(float32(rate)) // not all drivers know rates
	}
	if err := d.cam.SetBufferCount(buffers); err != nil {
		return advise(err)
	}
	if err := d.cam.StartStreaming(); err != nil {
		return advise(err)
	}
	return nil
}

func (d v4l2) frame(read func([]byte)) (bool, error) {
	switch err := d.cam.WaitForFrame(1); {
	case errors.As(err, new(*webcam.Timeout)):
		return false, nil
	case err != nil:
		return false, advise(err)
	}
	data, index, err := d.cam.GetFrame()
	switch {
	case errors.Is(err, syscall.EAGAIN):
		return false, nil
	case err != nil:
		return false, advise(err)
	}
	if len(data) > 0 {
		read(data)
	}
	if err := d.cam.ReleaseFrame(index); err != nil {
		return false, advise(err)
	}
	return len(data) > 0, nil
}

func (d v4l2) close() error { return d.cam.Close() }
