package model

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// verifyStrings checks the content of a constant of strings: their number, where each
// begins and the last ends, and their bytes. The runtimes believe it.
func (t *Tensor) verifyStrings() error {
	word := func(i int) int64 { return int64(int32(binary.LittleEndian.Uint32(t.Data[4*i:]))) }
	size := int64(len(t.Data))
	if size < 8 || word(0) < 0 || word(0) > size/4-2 {
		return fmt.Errorf("of strings has a content of %d bytes without their number or positions", size)
	}
	n := word(0)
	before := 4 * (n + 2)
	for i := range int(n) + 1 {
		at := word(1 + i)
		if at < before || at > size {
			return fmt.Errorf("of strings has string %d at byte %d of %d, after %d", i, at, size, before)
		}
		before = at
	}
	if elements := elementsUpTo(t.Shape, n+1); elements > n {
		return fmt.Errorf("of shape %v has %d strings", t.Shape, n)
	}
	return nil
}

// stringBytes is what an empty string takes at least, here and in the runtime.
const stringBytes = 16

// verifyStringCount checks the memory that strings take whatever is in them.
func (t *Tensor) verifyStringCount(limit int64) error {
	if elementsUpTo(t.Shape, limit/stringBytes+1) > limit/stringBytes {
		return fmt.Errorf("of shape %v and type string needs more than %d bytes for empty strings, the limit: %w", t.Shape, limit, ErrMemory)
	}
	return nil
}

// elementsUpTo is the number of elements of a shape, or limit if that is less.
func elementsUpTo(shape []int, limit int64) int64 {
	if slices.Contains(shape, 0) {
		return 0
	}
	n := int64(1)
	for _, dim := range shape {
		if int64(dim) >= limit/n+1 {
			return limit
		}
		n *= int64(dim)
	}
	return min(n, limit)
}
