package tflite_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
)

func TestStrings(t *testing.T) {
	i := interpreter(t, "string_gather")
	words := []string{"zero", "", "deux", "drei ✓", "four\x00four"}
	require.NoError(t, i.Resize(0, len(words)))
	require.NoError(t, i.Resize(1, 4))
	require.NoError(t, input(t, i, 0).SetStrings(words))
	got, err := input(t, i, 0).ReadStrings()
	require.NoError(t, err)
	assert.Equal(t, words, got)

	set[int32](t, input(t, i, 1), 3, 1, 4, 0)
	invoke(t, i)
	got, err = output(t, i, 0).ReadStrings()
	require.NoError(t, err)
	assert.Equal(t, []string{"drei ✓", "", "four\x00four", "zero"}, got)

	require.NoError(t, input(t, i, 0).SetValue([]string{"a", "b", "c", "d", "e"}))
	invoke(t, i)
	v, err := output(t, i, 0).Value()
	require.NoError(t, err)
	assert.Equal(t, []string{"d", "b", "e", "a"}, v.Data)
}

func TestStringConstant(t *testing.T) {
	i := interpreter(t, "string_constant")
	invoke(t, i)
	got, err := output(t, i, 0).ReadStrings()
	require.NoError(t, err)
	assert.Equal(t, []string{"red", "grün", "", "blue"}, got)
	require.ErrorIs(t, output(t, i, 0).SetStrings(got), tflite.ErrReadOnly)
}

func TestStringMisuse(t *testing.T) {
	i := interpreter(t, "string_gather")
	require.NoError(t, i.Resize(0, 2))
	require.ErrorIs(t, input(t, i, 0).SetStrings([]string{"one"}), tflite.ErrSize)
	require.ErrorIs(t, input(t, i, 1).SetStrings([]string{"one"}), tflite.ErrType)
	require.ErrorIs(t, tflite.Set(input(t, i, 0), []uint8{1}), tflite.ErrType)
	_, err := input(t, i, 1).ReadStrings()
	require.ErrorIs(t, err, tflite.ErrType)
}

// Without a SetStrings the runtime would read its strings from address nil, after a
// Resize as many as there were before.
func TestStringsThatWereNeverSet(t *testing.T) {
	i := interpreter(t, "string_equal")
	require.NoError(t, i.Resize(0, 1))
	require.NoError(t, i.Resize(1, 1))
	require.NoError(t, input(t, i, 0).SetStrings([]string{"x"}))
	invoke(t, i)
	assert.Equal(t, []uint8{0}, read[uint8](t, output(t, i, 0)))
	require.NoError(t, i.Resize(0, 3))
	require.NoError(t, i.Resize(1, 3))
	invoke(t, i)
	assert.Equal(t, []uint8{1, 1, 1}, read[uint8](t, output(t, i, 0)))
}

func TestVocabulary(t *testing.T) {
	i := interpreter(t, "vocabulary")
	require.NoError(t, i.Resize(0, 3))
	require.NoError(t, input(t, i, 0).SetStrings([]string{"two", "many", "zero"}))
	invoke(t, i)
	assert.Equal(t, []int64{2, -1, 0}, read[int64](t, output(t, i, 0)))
}
