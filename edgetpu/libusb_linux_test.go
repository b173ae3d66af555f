//go:build cgo && !nousb

package edgetpu_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// libusb and sysfs must describe the same devices in the same words.
func TestUmockdevLibUSB(t *testing.T) {
	files := []string{"usb3-ready", "usb3-uninitialised", "usb2-port", "usb2-behind-hub"}
	bySysfs := umockdev(t, "probe", files...)
	require.Len(t, bySysfs, 4)
	assert.Equal(t, bySysfs, umockdev(t, "libusb", files...))
}

func TestLibUSBThatCannotStart(t *testing.T) {
	var message string
	runHelper(t, "no libusb", &message)
	assert.Contains(t, message, "libusb: ", "gousb's panic must become an error")
}
