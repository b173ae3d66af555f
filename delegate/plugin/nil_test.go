package plugin_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/delegate/plugin"
	"github.com/gocoral/coral/internal/niltest"
)

// Nothing of this package panics on nil and zero values.
func TestNilAndZero(t *testing.T) {
	niltest.Walk(t, map[string]any{
		"Open": plugin.Open, "WithOption": plugin.WithOption, "WithOldABI": plugin.WithOldABI, "WithLogger": plugin.WithLogger,
	}, (*plugin.Delegate)(nil), new(plugin.Delegate))
	for _, d := range []*plugin.Delegate{nil, {}} {
		require.ErrorIs(t, d.Borrow(), plugin.ErrClosed)
		assert.Nil(t, d.Ptr())
		assert.Empty(t, d.Name())
	}
}
