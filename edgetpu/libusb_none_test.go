//go:build !cgo || nousb

package edgetpu_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
)

func TestBuiltWithoutLibUSB(t *testing.T) {
	_, err := edgetpu.ListLibUSB()
	require.ErrorIs(t, err, edgetpu.ErrPlatform)
	devices := probe(t, noUSB, edgetpu.WithAccess(allow), edgetpu.WithRealLibUSB())
	assert.Equal(t, []string{"/dev/apex_0"}, paths(devices), "PCIe needs no libusb")
}
