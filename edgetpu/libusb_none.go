//go:build !cgo || nousb

package edgetpu

import "fmt"

// listLibUSB stands in for libusb in a build without cgo or with the tag nousb.
func listLibUSB() ([]usbDevice, error) {
	return nil, fmt.Errorf("built without libusb (needs cgo, and no tag nousb): %w", ErrPlatform)
}
