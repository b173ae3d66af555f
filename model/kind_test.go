package model_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

func TestOnlyRegularFilesAreRead(t *testing.T) {
	_, err := model.ReadFile(t.TempDir())
	require.ErrorIs(t, err, model.ErrBadModel)
	require.ErrorContains(t, err, "is a directory")
	_, err = model.ReadFile(os.DevNull)
	require.ErrorIs(t, err, model.ErrBadModel)
	require.ErrorContains(t, err, "is a device")
}
