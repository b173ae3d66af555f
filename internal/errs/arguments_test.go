package errs_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/internal/errs"
)

func TestContext(t *testing.T) {
	assert.Equal(t, t.Context(), errs.Context(t.Context()))
	var none context.Context
	assert.NoError(t, errs.Context(none).Err())
	assert.Nil(t, errs.Context(none).Done(), "it never ends")
}

func TestIsNil(t *testing.T) {
	var pointer *bytes.Buffer
	var reader io.Reader = pointer
	assert.True(t, errs.IsNil(nil))
	assert.True(t, errs.IsNil(pointer))
	assert.True(t, errs.IsNil(reader))
	assert.False(t, errs.IsNil(new(bytes.Buffer)))
	assert.False(t, errs.IsNil(bytes.Buffer{}), "no pointer")
}
