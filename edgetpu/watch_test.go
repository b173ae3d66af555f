package edgetpu_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
)

// A watch of a made-up machine. Its tests run in bubbles of package synctest: time
// passes when nothing else happens, and a goroutine that is left behind fails the test.
type watch struct {
	t      *testing.T
	m      machine
	events <-chan edgetpu.Event
	stop   context.CancelFunc
}

func startWatch(t *testing.T, m machine, opts ...edgetpu.WatchOption) *watch {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	events, err := edgetpu.Watch(ctx, append([]edgetpu.WatchOption{edgetpu.WithRoot(string(m))}, opts...)...)
	require.NoError(t, err)
	return &watch{t, m, events, stop}
}

// next returns the event that comes within two looks.
func (w *watch) next() edgetpu.Event {
	w.t.Helper()
	select {
	case e, ok := <-w.events:
		require.True(w.t, ok, "the watch has ended")
		between()
		return e
	case <-time.After(2500 * time.Millisecond):
		require.FailNow(w.t, "no event")
		return edgetpu.Event{}
	}
}

func (w *watch) want(kind edgetpu.EventKind, device string) edgetpu.Event {
	w.t.Helper()
	e := w.next()
	require.Equal(w.t, kind, e.Kind, "%+v", e)
	require.Equal(w.t, device, e.Device.String())
	return e
}

// between sleeps until no look is under way, for a change that takes several steps: looks
// are at full seconds.
func between() { time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(1500 * time.Millisecond))) }

// silence makes sure that nothing comes, for some looks.
func (w *watch) silence() {
	w.t.Helper()
	select {
	case e := <-w.events:
		require.FailNow(w.t, "unexpected event", "%+v", e)
	case <-time.After(5 * time.Second):
	}
	between()
}

// unplug removes a device with its node.
func (m machine) unplug(tb testing.TB, link, node string) {
	tb.Helper()
	dir, err := filepath.EvalSymlinks(m.path(link))
	require.NoError(tb, err)
	require.NoError(tb, os.Remove(m.path(link)))
	require.NoError(tb, os.RemoveAll(dir))
	require.NoError(tb, os.Remove(m.path(node)))
}

const (
	usbLink  = "sys/bus/usb/devices/2-1"
	apexLink = "sys/class/apex/apex_0"
)

func (m machine) plugUSB(tb testing.TB, id, number string) {
	tb.Helper()
	m.usb(tb, "2-1", usbAttrs(id, "5000", number))
	m.node(tb, "dev/bus/usb/002/00"+number)
}

func TestWatchPlugging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.apex(t, "apex_0", apexAttrs(nil))
		w := startWatch(t, m)
		assert.Nil(t, w.want(edgetpu.Attached, "pci /dev/apex_0 (ready, 51.3 °C)").Previous)
		w.silence()

		m.plugUSB(t, uninitialised, "3")
		w.want(edgetpu.Attached, "usb /sys/bus/usb/devices/2-1 (uninitialised, 5000 Mbit/s)")
		w.silence()

		m.unplug(t, usbLink, "dev/bus/usb/002/003")
		assert.Nil(t, w.want(edgetpu.Detached, "usb /sys/bus/usb/devices/2-1 (uninitialised, 5000 Mbit/s)").Previous)
		w.silence()

		m.unplug(t, apexLink, "dev/apex_0")
		w.want(edgetpu.Detached, "pci /dev/apex_0 (ready, 51.3 °C)")
		w.silence()
	})
}

// Loading the firmware is a change of one device, not another device.
func TestWatchFirmware(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plugUSB(t, uninitialised, "3")
		w := startWatch(t, m)
		w.want(edgetpu.Attached, "usb /sys/bus/usb/devices/2-1 (uninitialised, 5000 Mbit/s)")

		m.unplug(t, usbLink, "dev/bus/usb/002/003")
		m.plugUSB(t, ready, "4")
		e := w.want(edgetpu.StateChanged, "usb /sys/bus/usb/devices/2-1 (ready, 5000 Mbit/s)")
		require.NotNil(t, e.Previous)
		assert.Equal(t, edgetpu.Uninitialised, e.Previous.State)
		assert.Equal(t, "/dev/bus/usb/002/003", e.Previous.Node)
		w.silence()
	})
}

// A device that was pulled and plugged in again between two looks has lost its firmware
// or at least its number.
func TestWatchReplug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plugUSB(t, ready, "3")
		w := startWatch(t, m)
		w.next()
		for _, replug := range []struct{ id, was, number string }{{uninitialised, "3", "4"}, {uninitialised, "4", "5"}, {ready, "5", "6"}, {ready, "6", "7"}} {
			m.unplug(t, usbLink, "dev/bus/usb/002/00"+replug.was)
			m.plugUSB(t, replug.id, replug.number)
			e := w.next()
			if replug.was == "5" { // uninitialised to ready
				assert.Equal(t, edgetpu.StateChanged, e.Kind)
				continue
			}
			assert.Equal(t, edgetpu.Detached, e.Kind)
			assert.Contains(t, e.Device.Node, replug.was)
			e = w.next()
			assert.Equal(t, edgetpu.Attached, e.Kind)
			assert.Contains(t, e.Device.Node, replug.number)
		}
		w.silence()
	})
}

func TestWatchState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.apex(t, "apex_0", apexAttrs(nil))
		w := startWatch(t, m)
		w.next()
		set := func(name, value string) { m.write(t, apexLink+"/"+name, value+"\n") }

		set("is_device_owned", "1")
		set("device_owner", "1")
		e := w.want(edgetpu.StateChanged, "pci /dev/apex_0 (ready, 51.3 °C, held by process 1)")
		assert.False(t, e.Previous.Owned)

		set("is_device_owned", "0")
		w.want(edgetpu.StateChanged, "pci /dev/apex_0 (ready, 51.3 °C)")

		require.NoError(t, os.Remove(m.path("dev/apex_0")))
		assert.Contains(t, w.want(edgetpu.StateChanged, "pci /dev/apex_0 (ready, 51.3 °C, not accessible)").Device.Reason, "there is no /dev/apex_0")

		// State and temperature at once are two events, and the second builds on the first.
		set("status", "DEAD")
		set("temp", "-89700")
		e = w.want(edgetpu.StateChanged, "pci /dev/apex_0 (dead, -89.7 °C, not accessible)")
		assert.Equal(t, edgetpu.Ready, e.Previous.State)
		e = w.want(edgetpu.TemperatureChanged, "pci /dev/apex_0 (dead, -89.7 °C, not accessible)")
		assert.Equal(t, edgetpu.Dead, e.Previous.State)
		assert.InDelta(t, 51.3, *e.Previous.Temperature, 0.01)
		w.silence()
	})
}

func TestWatchTemperature(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.apex(t, "apex_0", apexAttrs(attrs{"temp": "50000"}))
		w := startWatch(t, m)
		w.next()
		for _, step := range []struct{ milli, reported string }{
			{"50250", ""},
			{"50750", ""}, // less than 1 °C, also in sum
			{"51000", "51.0"},
			{"51250", ""},
			{"49750", "49.8"},
			{"84500", "84.5"},
			{"85000", "85.0"}, // a trip point
			{"84750", "84.8"}, // and back
			{"94750", "94.8"},
			{"95000", "95.0"},
			{"", "none"}, // the sensor does not answer
			{"95000", "95.0"},
		} {
			m.write(t, apexLink+"/temp", step.milli+"\n")
			switch step.reported {
			case "":
				w.silence()
			case "none":
				w.want(edgetpu.TemperatureChanged, "pci /dev/apex_0 (ready)")
			default:
				w.want(edgetpu.TemperatureChanged, "pci /dev/apex_0 (ready, "+step.reported+" °C)")
			}
		}
	})
}

// The Reason of an overheated device has the temperature in it, which makes no event more.
func TestWatchOverheated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.apex(t, "apex_0", apexAttrs(attrs{"temp": "101000"}))
		w := startWatch(t, m)
		w.want(edgetpu.Attached, "pci /dev/apex_0 (overheated, 101.0 °C)")
		m.write(t, apexLink+"/temp", "101500\n")
		w.silence()
		m.write(t, apexLink+"/temp", "102000\n")
		w.want(edgetpu.TemperatureChanged, "pci /dev/apex_0 (overheated, 102.0 °C)")
	})
}

// A receiver that does not receive holds up nothing, and gets the outcome.
func TestWatchSlowReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.apex(t, "apex_0", apexAttrs(nil))
		w := startWatch(t, m)
		w.next()

		m.plugUSB(t, uninitialised, "3") // will be reported as what has become of it
		time.Sleep(3 * time.Second)
		m.unplug(t, usbLink, "dev/bus/usb/002/003")
		m.plugUSB(t, ready, "4")
		for _, milli := range []string{"60000", "70000", "80000"} {
			m.write(t, apexLink+"/temp", milli+"\n")
			time.Sleep(3 * time.Second)
		}
		w.want(edgetpu.TemperatureChanged, "pci /dev/apex_0 (ready, 80.0 °C)")
		w.want(edgetpu.Attached, "usb /sys/bus/usb/devices/2-1 (ready, 5000 Mbit/s)")

		m.unplug(t, usbLink, "dev/bus/usb/002/004")
		time.Sleep(3 * time.Second)
		m.plugUSB(t, ready, "4")
		time.Sleep(3 * time.Second)
		w.silence() // undone in the meantime
	})
}

func TestWatchInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for interval, within := range map[time.Duration]time.Duration{
			10 * time.Millisecond: 40 * time.Millisecond,
			time.Minute:           time.Minute,
		} {
			m := newMachine(t)
			w := startWatch(t, m, edgetpu.WithInterval(interval))
			time.Sleep(time.Millisecond)
			start := time.Now()
			m.plugUSB(t, ready, "3")
			select {
			case <-w.events:
			case <-time.After(time.Hour):
				require.Fail(t, "no event")
			}
			assert.LessOrEqual(t, time.Since(start), within)
			w.stop()
		}
	})
}

func TestWatchEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		w := startWatch(t, m)
		w.silence()
		w.stop()
		_, ok := <-w.events
		assert.False(t, ok)

		m.plugUSB(t, ready, "3")
		w = startWatch(t, m) // with an event that nobody takes
		time.Sleep(3 * time.Second)
		w.stop()
		synctest.Wait()
		_, ok = <-w.events
		assert.False(t, ok, "an ended watch reports nothing more")
	})
}

// What stands in the way of a look is no end of the devices.
func TestWatchRootGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := machine(filepath.Join(t.TempDir(), "root"))
		m.plugUSB(t, ready, "3")
		w := startWatch(t, m)
		w.next()
		require.NoError(t, os.Rename(string(m), string(m)+"-gone"))
		w.silence()
		require.NoError(t, os.Rename(string(m)+"-gone", string(m)))
		m.unplug(t, usbLink, "dev/bus/usb/002/003")
		assert.Equal(t, edgetpu.Detached, w.next().Kind)
	})
}

func TestWatchErrors(t *testing.T) {
	_, err := edgetpu.Watch(t.Context(), edgetpu.WithRoot(filepath.Join(t.TempDir(), "missing")))
	require.ErrorIs(t, err, fs.ErrNotExist)
	for _, interval := range []time.Duration{0, -time.Hour} {
		_, err = edgetpu.Watch(t.Context(), edgetpu.WithInterval(interval))
		require.ErrorIs(t, err, edgetpu.ErrRange)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = edgetpu.Watch(ctx, edgetpu.WithRoot(t.TempDir()))
	require.ErrorIs(t, err, context.Canceled)
}

// Whatever happens and however slowly it is received, the events add up to what is
// there.
func TestWatchAddsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		m := newMachine(t)
		w := startWatch(t, m)
		plugged, number := false, 1
		known := map[string]edgetpu.Device{}
		for range 200 {
			if plugged {
				require.NoError(t, os.RemoveAll(m.path("sys/bus/usb/devices/2-1")))
				require.NoError(t, os.RemoveAll(m.path("sys/devices")))
			} else {
				number++
				m.usb(t, "2-1", usbAttrs([]string{uninitialised, ready}[random.IntN(2)], "5000", []string{"1", "2", "3"}[number%3]))
			}
			plugged = !plugged
			time.Sleep(time.Duration(random.IntN(2000)) * time.Millisecond)
			for range random.IntN(3) {
				select {
				case e := <-w.events:
					account(t, known, e)
				case <-time.After(time.Second):
				}
			}
		}
		for {
			select {
			case e := <-w.events:
				account(t, known, e)
				continue
			case <-time.After(5 * time.Second):
			}
			break
		}
		want := map[string]edgetpu.Device{}
		for _, d := range probe(t, edgetpu.WithRoot(string(m))) {
			want[d.Path] = d
		}
		assert.Equal(t, want, known)
	})
}

// account applies an event, which must fit to those before.
func account(t *testing.T, known map[string]edgetpu.Device, e edgetpu.Event) {
	t.Helper()
	before, was := known[e.Device.Path]
	switch e.Kind {
	case edgetpu.Attached:
		require.False(t, was)
		known[e.Device.Path] = e.Device
	case edgetpu.Detached:
		require.True(t, was)
		require.Equal(t, before, e.Device)
		delete(known, e.Device.Path)
	default:
		require.True(t, was)
		require.Equal(t, before, *e.Previous)
		known[e.Device.Path] = e.Device
	}
}

func TestEventJSON(t *testing.T) {
	b, err := json.Marshal(edgetpu.Event{Kind: edgetpu.Attached, Device: edgetpu.Device{Type: edgetpu.PCIe, Path: pcieDevice}})
	require.NoError(t, err)
	assert.Contains(t, string(b), `"kind":"attached","device":{"type":"pci"`)
	assert.NotContains(t, string(b), "previous")
}
