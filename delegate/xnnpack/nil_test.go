package xnnpack_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/delegate/xnnpack"
	"github.com/gocoral/coral/internal/niltest"
)

// Nothing of this package panics on nil and zero values.
func TestNilAndZero(t *testing.T) {
	niltest.Walk(t, map[string]any{
		"New": xnnpack.New, "WithThreads": xnnpack.WithThreads, "WithForceFP16": xnnpack.WithForceFP16,
		"WithoutSigned": xnnpack.WithoutSigned, "WithoutUnsigned": xnnpack.WithoutUnsigned,
	}, (*xnnpack.Delegate)(nil), new(xnnpack.Delegate))
	for _, d := range []*xnnpack.Delegate{nil, {}} {
		require.ErrorIs(t, d.Borrow(), xnnpack.ErrClosed)
		assert.Nil(t, d.Ptr())
	}
}
