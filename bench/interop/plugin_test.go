//go:build gotflite

package interop_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/bench/internal/peer"
	"github.com/gocoral/coral/delegate/plugin"
	"github.com/gocoral/coral/internal/dl/dltest"
)

// The fake plugin adds its offset to a sum, so its results are nobody else's.
func TestOurPluginInTheirInterpreter(t *testing.T) {
	require.NoError(t, peer.SameRuntime())
	const source = "../../delegate/plugin/testdata/fakeplugin/fakeplugin.c"
	for name, c := range map[string]struct {
		flags []string
		opts  []plugin.Option
	}{
		"new": {},
		"old": {flags: []string{"-DOLD_ABI"}, opts: []plugin.Option{plugin.WithOldABI()}},
	} {
		t.Run(name, func(t *testing.T) {
			library := dltest.Shared(t, "libfakeplugin.so", append(c.flags, source)...)
			d, err := plugin.Open(library, append(c.opts, plugin.WithOption("offset", "100"))...)
			require.NoError(t, err)
			defer d.Delete()
			i, err := peer.Open("../../tflite/testdata/no_signature.tflite", d)
			require.NoError(t, err)
			defer i.Close()
			require.NoError(t, i.Set(0, []float32{1, 2, 3, 4, 5, 6, 7, 8}))
			require.NoError(t, i.Set(1, []float32{10, 20, 30, 40, 50, 60, 70, 80}))
			require.NoError(t, i.Invoke())
			sum := make([]float32, 8)
			require.NoError(t, i.Read(0, sum))
			assert.Equal(t, []float32{111, 122, 133, 144, 155, 166, 177, 188}, sum)
		})
	}
}
