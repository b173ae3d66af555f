package edgetputest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
)

const (
	usb = "/sys/bus/usb/devices/2-1"
	pci = "/dev/apex_0"
)

func TestResultsEqualTheTwin(t *testing.T) {
	edgetputest.New(t, edgetputest.USB("2-1"), edgetputest.PCIe(0))
	for _, name := range []string{"tiny_int8", "tiny_uint8"} {
		original := load(t, tflitePath(name))
		tests := map[string][]edgetputest.CompileOption{
			"all":     nil,
			"first":   {edgetputest.First(2)},
			"several": {edgetputest.CustomOps(3)},
		}
		for form, opts := range tests {
			for _, path := range []string{usb, pci} {
				t.Run(name+" "+form+" "+path, func(t *testing.T) {
					d := mustOpen(t, path)
					i := interpreter(t, compile(t, original, opts...), d)
					assert.Positive(t, i.Backend().Uses("Edge TPU").Operators, i.Backend())
					requireSame(t, interpreter(t, original), i)
				})
			}
		}
	}
}

func TestStats(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	assert.Zero(t, sim.Stats("2-1").Creates)
	d := mustOpen(t, usb)
	i := interpreter(t, compile(t, tiny(t)), d)
	infer(t, i, 1)
	infer(t, i, 2)
	s := sim.Stats(usb)
	assert.Equal(t, 1, s.Opens)
	assert.Equal(t, 2, s.Inferences)
	require.Zero(t, sim.Misuses())
}
