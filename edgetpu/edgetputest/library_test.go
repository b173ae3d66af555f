package edgetputest_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/delegate/plugin"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/internal/libedgetpu"
	"github.com/gocoral/coral/internal/oldabi"
	"github.com/gocoral/coral/tflite"
)

// rawLib is the simulated library without package edgetpu around it, whose checks and
// locks come before.
type rawLib struct{ *libedgetpu.Library }

func rawLibrary(t *testing.T, sim *edgetputest.Sim) rawLib {
	t.Helper()
	lib, err := libedgetpu.Open(sim.Library())
	require.NoError(t, err)
	return rawLib{lib}
}

func (l rawLib) create(t *testing.T, path string, options ...libedgetpu.Option) unsafe.Pointer {
	t.Helper()
	entry := libedgetpu.Entry{Type: libedgetpu.PCIe, Path: path}
	if path == usb {
		entry.Type = libedgetpu.USB
	}
	return l.Create(entry, options)
}

// adapted is a delegate of the library with the adapter.
type adapted struct{ *oldabi.Adapter }

func (a adapted) Delete() { a.Free() }

func (l rawLib) wrap(t *testing.T, d unsafe.Pointer) delegate.Delegate {
	t.Helper()
	adapter, err := oldabi.Wrap(d)
	require.NoError(t, err)
	return adapted{adapter} // never freed, as interpreters may outlive the test
}

func (l rawLib) interpreter(t *testing.T, b []byte, path string) *tflite.Interpreter {
	t.Helper()
	d := l.create(t, path)
	require.NotNil(t, d)
	return interpreter(t, b, l.wrap(t, d))
}

// The order is not that of the probe: PCIe devices as their folder has them, and USB
// devices without firmware first.
func TestListOrder(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.PCIe(0), edgetputest.PCIe(1), edgetputest.USB("1-1").Ready(), edgetputest.USB("2-1"))
	paths := func() (paths []string) {
		for _, e := range rawLibrary(t, sim).Devices() {
			paths = append(paths, e.Path)
		}
		return paths
	}
	const first = "/sys/bus/usb/devices/1-1"
	assert.Equal(t, []string{"/dev/apex_1", "/dev/apex_0", usb, first}, paths())
	mustOpen(t, usb)
	assert.Equal(t, []string{"/dev/apex_1", "/dev/apex_0", first, usb}, paths(), "usb:0 is another one now")
	for _, d := range []string{"apex_0", "apex_1", "1-1", "2-1"} {
		sim.Unplug(d)
	}
	assert.Empty(t, paths())
}

func TestOptions(t *testing.T) {
	tests := map[string]struct {
		options []libedgetpu.Option
		ok      bool
		want    edgetputest.OpenOptions
	}{
		"none":         {nil, true, edgetputest.OpenOptions{MaxBulkInQueueLength: -1}},
		"clock":        {[]libedgetpu.Option{{Name: "Performance", Value: "Medium"}}, true, edgetputest.OpenOptions{Performance: "Medium", MaxBulkInQueueLength: -1}},
		"bad clock":    {[]libedgetpu.Option{{Name: "Performance", Value: "medium"}}, false, edgetputest.OpenOptions{}},
		"dfu":          {[]libedgetpu.Option{{Name: "Usb.AlwaysDfu", Value: "True"}}, true, edgetputest.OpenOptions{AlwaysDFU: true, MaxBulkInQueueLength: -1}},
		"no dfu":       {[]libedgetpu.Option{{Name: "Usb.AlwaysDfu", Value: "False"}}, true, edgetputest.OpenOptions{MaxBulkInQueueLength: -1}},
		"bad dfu":      {[]libedgetpu.Option{{Name: "Usb.AlwaysDfu", Value: "true"}}, false, edgetputest.OpenOptions{}},
		"no queue":     {[]libedgetpu.Option{{Name: "Usb.MaxBulkInQueueLength", Value: "0"}}, true, edgetputest.OpenOptions{}},
		"longest":      {[]libedgetpu.Option{{Name: "Usb.MaxBulkInQueueLength", Value: "256"}}, true, edgetputest.OpenOptions{MaxBulkInQueueLength: 256}},
		"too long":     {[]libedgetpu.Option{{Name: "Usb.MaxBulkInQueueLength", Value: "257"}}, false, edgetputest.OpenOptions{}},
		"bad queue":    {[]libedgetpu.Option{{Name: "Usb.MaxBulkInQueueLength", Value: "8x"}}, false, edgetputest.OpenOptions{}},
		"unknown name": {[]libedgetpu.Option{{Name: "performance", Value: "Low"}}, true, edgetputest.OpenOptions{MaxBulkInQueueLength: -1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sim := edgetputest.New(t, edgetputest.USB("2-1"))
			lib := rawLibrary(t, sim)
			d := lib.create(t, usb, test.options...)
			require.Equal(t, test.ok, d != nil)
			if !test.ok {
				return
			}
			assert.Equal(t, test.want, sim.Stats(usb).Options)
			other := lib.create(t, usb, libedgetpu.Option{Name: "Performance", Value: "nonsense"})
			require.NotNil(t, other, "the options of a device that is open are not looked at")
			lib.Free(other)
			lib.Free(d)
		})
	}
}

func TestWrongType(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	lib := rawLibrary(t, sim)
	assert.Nil(t, lib.Create(libedgetpu.Entry{Type: libedgetpu.PCIe, Path: usb}, nil))
	assert.Nil(t, lib.Create(libedgetpu.Entry{Type: 7, Path: usb}, nil))
}

// The entry points of a delegate plugin, and how they treat the options.
func TestPlugin(t *testing.T) {
	tests := map[string]struct {
		device string // "-" for none
		opened string // "" for none at all
		kept   bool   // the option
	}{
		"any, not said": {"-", "/dev/apex_1", false},
		"any":           {"", "/dev/apex_1", false},
		"any USB":       {"usb", usb, false},
		"any PCIe":      {"pci", "/dev/apex_1", false},
		"by number":     {":1", "/dev/apex_0", true},
		"USB":           {"usb:0", usb, true},
		"PCIe":          {"pci:1", "/dev/apex_0", true},
		"out of range":  {"usb:1", "", false},
		"negative":      {"usb:-1", "", false},
		"no number":     {"usb:", "", false},
		"path":          {usb, "", false},
		"unheard of":    {"tpu", "", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sim := edgetputest.New(t, edgetputest.PCIe(0), edgetputest.PCIe(1), edgetputest.USB("2-1"))
			options := []plugin.Option{plugin.WithOldABI(), plugin.WithOption("Performance", "Low")}
			if test.device != "-" {
				options = append(options, plugin.WithOption("device", test.device))
			}
			d, err := plugin.Open(sim.Library(), options...)
			if test.opened == "" {
				require.ErrorIs(t, err, plugin.ErrDelegateDeclined)
				return
			}
			require.NoError(t, err)
			defer d.Delete()
			s := sim.Stats(test.opened)
			assert.Equal(t, 1, s.Opens)
			assert.Equal(t, test.kept, s.Options.Performance == "Low")
			requireSame(t, interpreter(t, tiny(t)), interpreter(t, compile(t, tiny(t)), d))
		})
	}
}

// Two times "any" is one and the same device, though another is free.
func TestAnySharesWhatIsOpen(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.PCIe(0), edgetputest.PCIe(1), edgetputest.USB("2-1"))
	for _, device := range []string{"", "", "usb", ""} {
		d, err := plugin.Open(sim.Library(), plugin.WithOldABI(), plugin.WithOption("device", device))
		require.NoError(t, err)
		t.Cleanup(d.Delete)
	}
	assert.Equal(t, 3, sim.Stats("apex_1").Creates)
	assert.Equal(t, 1, sim.Stats("apex_1").Opens)
	assert.Zero(t, sim.Stats("apex_0").Opens)
	assert.Equal(t, 1, sim.Stats("2-1").Opens)
}
