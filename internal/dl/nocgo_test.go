//go:build !cgo

package dl_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/errs"
)

func TestOpenWithoutCgo(t *testing.T) {
	l, err := dl.Open("libc.so.6")
	assert.ErrorIs(t, err, errs.ErrCgoRequired)
	assert.Nil(t, l)
}
