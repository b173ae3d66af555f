//go:build !linux

package stream

import "fmt"

func openDevice(string) (device, error) {
	return nil, fmt.Errorf("%w: only Linux has V4L2: have ffmpeg send the camera's pictures, and read them as a URL or from a pipe", ErrPlatform)
}
