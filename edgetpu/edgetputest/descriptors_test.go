package edgetputest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
)

const descriptorsEnv = "USB_ENABLE_BULK_DESCRIPTORS_FROM_DEVICE"

// A model whose transfers are not all planned runs on USB only if the library was told so
// by the environment when it was loaded.
func TestUnplannedTransfers(t *testing.T) {
	tpu := compile(t, tiny(t), edgetputest.UnplannedTransfers())
	e, err := parse(t, tpu).EdgeTPU()
	require.NoError(t, err)
	assert.False(t, e.Executables[0].DeterministicDMA)

	for value, runs := range map[string]bool{"": false, "0": false, "1": true, "true": true} {
		t.Run(value, func(t *testing.T) {
			t.Setenv(descriptorsEnv, value)
			edgetputest.New(t, edgetputest.USB("2-1"), edgetputest.PCIe(0))
			i := interpreter(t, tpu, mustOpen(t, usb))
			t.Setenv(descriptorsEnv, "1") // too late
			if runs {
				requireSame(t, interpreter(t, tiny(t)), i)
			} else {
				require.ErrorContains(t, i.Invoke(t.Context()), "must have fully deterministic DMA hints")
			}
			requireSame(t, interpreter(t, tiny(t)), interpreter(t, tpu, mustOpen(t, pci)))
		})
	}
}
