//go:build !cgo

package oldabi_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/oldabi"
)

func TestWrapWithoutCgo(t *testing.T) {
	a, err := oldabi.Wrap(nil)
	assert.ErrorIs(t, err, errs.ErrCgoRequired)
	assert.Nil(t, a)
}
