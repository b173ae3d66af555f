package options_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/options"
)

type option func(*[]int) error

func add(n int) option {
	return func(c *[]int) error {
		*c = append(*c, n)
		return nil
	}
}

var errTest = errors.New("test")

func fail(*[]int) error { return errTest }

func TestApply(t *testing.T) {
	var c []int
	require.NoError(t, options.Apply(&c, []option{add(1), nil, add(2)}))
	assert.Equal(t, []int{1, 2}, c)
	require.ErrorIs(t, options.Apply(&c, []option{add(3), fail, add(4)}), errTest)
	assert.Equal(t, []int{1, 2, 3}, c, "none after the one that failed")
	require.NoError(t, options.Apply[[]int, option](&c, nil))
}

type number int

func (n number) String() string { return fmt.Sprint(int(n)) }

func TestEach(t *testing.T) {
	var c []string
	add := func(o fmt.Stringer) error {
		if o == number(3) {
			return errTest
		}
		c = append(c, o.String())
		return nil
	}
	require.NoError(t, options.Each([]fmt.Stringer{number(1), nil, number(2)}, add))
	require.ErrorIs(t, options.Each([]fmt.Stringer{number(3), number(4)}, add), errTest)
	assert.Equal(t, []string{"1", "2"}, c)
}
