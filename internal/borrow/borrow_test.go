package borrow_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/borrow"
	"github.com/gocoral/coral/internal/errs"
)

func TestFreedWithTheLastBorrower(t *testing.T) {
	var c borrow.Count
	freed := 0
	c.OnFree(func() { freed++ })
	require.NoError(t, c.Borrow())
	require.NoError(t, c.Borrow())

	c.Delete()
	c.Delete()
	assert.True(t, c.Usable(), "two still use it")
	require.ErrorIs(t, c.Borrow(), errs.ErrClosed)
	c.Return()
	assert.Zero(t, freed, "one borrower is left")
	c.Return()
	assert.False(t, c.Usable())
	assert.Equal(t, 1, freed)
}

func TestFreedAtOnceWithoutBorrowers(t *testing.T) {
	var c borrow.Count
	freed := 0
	c.OnFree(func() { freed++ })
	require.NoError(t, c.Borrow())
	c.Return()
	assert.Zero(t, freed, "not deleted yet")
	c.Delete()
	assert.Equal(t, 1, freed)
}
