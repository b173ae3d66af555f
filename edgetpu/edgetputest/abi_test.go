package edgetputest_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/tflite"
)

// The library has the old layouts, and so fails as Google's does where the runtime's
// are newer: reliably, since what follows its structures is dirt. With the adapter it
// works everywhere, as the other tests of this package show.
func TestWithoutAdapter(t *testing.T) {
	edgetputest.New(t, edgetputest.PCIe(0))
	minor, err := strconv.Atoi(strings.Split(tflite.Version(), ".")[1])
	require.NoError(t, err)
	for range 3 {
		c := startChild(t, "without adapter", pci, tiny(t), compile(t, tiny(t)))
		last, err := c.finish()
		if minor <= 9 {
			require.NoError(t, err, "its own layouts: %s\n%s", last, c.stderr.String())
			assert.Equal(t, "done", last)
			continue
		}
		require.Error(t, err)
		assert.NotEqual(t, "done", last)
		t.Log(err, last, firstLine(c.stderr.String()))
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
