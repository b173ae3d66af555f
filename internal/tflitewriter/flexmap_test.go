package tflitewriter_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/internal/tflitewriter"
)

// The layout is that of FlexBuffers' own description: the root's type and width at the
// end, the map's values before their types, the keys sorted.
func TestFlexMap(t *testing.T) {
	b := tflitewriter.FlexMap(4, tflitewriter.Entry{Key: "n", Value: 7}, tflitewriter.Entry{Key: "a", Value: float32(2.5)},
		tflitewriter.Entry{Key: "s", Value: "text"})
	assert.Equal(t, []byte{9<<2 | 2, 4}, b[len(b)-2:], "a map with four-byte numbers")
	at := len(b) - 6
	root := at - int(binary.LittleEndian.Uint32(b[at:]))
	number := func(i int) uint32 { return binary.LittleEndian.Uint32(b[root+4*i:]) }
	assert.Equal(t, uint32(3), number(-1), "entries")
	assert.Equal(t, uint32(4), number(-2), "width of the keys")
	assert.InDelta(t, 2.5, math.Float32frombits(number(0)), 0)
	assert.Equal(t, uint32(7), number(1))
	text := root + 8 - int(number(2))
	assert.Equal(t, "\x04\x00\x00\x00text\x00", string(b[text-4:text+5]))
	assert.Zero(t, text%tflitewriter.Alignment)
	assert.Equal(t, []byte{3<<2 | 2, 1<<2 | 2, 5<<2 | 2}, b[root+12:root+15])
	keys := root - 12 - int(number(-3))
	for i, want := range []string{"a", "n", "s"} {
		key := keys + 4*i - int(binary.LittleEndian.Uint32(b[keys+4*i:]))
		name, _, _ := bytes.Cut(b[key:], []byte{0})
		assert.Equal(t, want, string(name))
	}
	assert.Panics(t, func() { tflitewriter.FlexMap(4, tflitewriter.Entry{Key: "x", Value: struct{}{}}) })
}
