//go:build !cgo

package plugin_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/delegate/plugin"
)

func TestOpenWithoutCgo(t *testing.T) {
	d, err := plugin.Open("libany.so", plugin.WithOption("device", "0"))
	assert.ErrorIs(t, err, plugin.ErrCgoRequired)
	assert.Nil(t, d)
	d.Delete()
}
