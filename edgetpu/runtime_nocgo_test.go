//go:build !cgo

package edgetpu_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
)

func TestLoadWithoutCgo(t *testing.T) {
	_, err := edgetpu.Load()
	require.ErrorIs(t, err, edgetpu.ErrCgoRequired)
}
