package edgetputest_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/tflite"
)

// outcomes runs n inferences and tells of each whether it succeeded.
func outcomes(i *tflite.Interpreter, n int) (ok []bool) {
	for range n {
		ok = append(ok, i.Invoke(context.Background()) == nil)
	}
	return ok
}

func TestInvokeFails(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.PCIe(0).With(edgetputest.InvokeFails.After(2).Times(2)))
	i := interpreter(t, compile(t, tiny(t)), mustOpen(t, pci))
	assert.Equal(t, []bool{true, true, false, false, true, true}, outcomes(i, 6))
	s := sim.Stats(pci)
	assert.Equal(t, 4, s.Inferences)
	assert.Equal(t, 2, s.Failures)

	sim.SetFault(pci, edgetputest.InvokeFails)
	assert.Equal(t, []bool{false, false}, outcomes(i, 2))
	assert.ErrorContains(t, i.Invoke(t.Context()), "simulation")
	sim.SetFault(pci, edgetputest.NoFault)
	assert.Equal(t, []bool{true}, outcomes(i, 1))
}

func TestInvokeFailsLate(t *testing.T) {
	edgetputest.New(t, edgetputest.PCIe(0).With(edgetputest.InvokeFails.For(100*time.Millisecond)))
	i := interpreter(t, compile(t, tiny(t)), mustOpen(t, pci))
	start := time.Now()
	require.Error(t, i.Invoke(t.Context()))
	assert.GreaterOrEqual(t, time.Since(start), 100*time.Millisecond)
}

func TestInvokeCorrupts(t *testing.T) {
	edgetputest.New(t, edgetputest.PCIe(0).With(edgetputest.InvokeCorrupts.Times(1)))
	i, twin := interpreter(t, compile(t, tiny(t)), mustOpen(t, pci)), interpreter(t, tiny(t))
	want := infer(t, twin, 1)
	assert.NotEqual(t, want, infer(t, i, 1))
	assert.Equal(t, want, infer(t, i, 1))
}

func TestUnplug(t *testing.T) {
	for _, path := range []string{usb, pci} {
		t.Run(path, func(t *testing.T) {
			sim := edgetputest.New(t, edgetputest.USB("2-1"), edgetputest.PCIe(0))
			compiled := compile(t, tiny(t))
			lost := interpreter(t, compiled, mustOpen(t, path))
			require.Equal(t, []bool{true}, outcomes(lost, 1))
			sim.Unplug(path)
			_, err := device(path)
			require.Error(t, err, "the probe still sees it")
			assert.Equal(t, []bool{false}, outcomes(lost, 1))
			assert.ErrorContains(t, lost.Invoke(t.Context()), "the device is gone (simulation)")

			sim.Plug(path)
			assert.Equal(t, []bool{false}, outcomes(lost, 1), "what lost it does not get it back")
		})
	}
}

// A device that was lost can be opened anew when it is back, though the process still
// has delegates of before.
func TestReplug(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	lib := rawLibrary(t, sim)
	old := lib.create(t, usb)
	sim.Unplug(usb)
	sim.Plug(usb)
	again := lib.create(t, usb)
	require.NotNil(t, again)
	assert.Equal(t, 2, sim.Stats(usb).Opens)
	lib.Free(old)
	assert.Equal(t, os.Getpid(), sim.Stats(usb).Owner)
	lib.Free(again)
	assert.Zero(t, sim.Stats(usb).Owner)
}

func TestUnplugDuringInference(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1").Latency(time.Hour))
	i := interpreter(t, compile(t, tiny(t)), mustOpen(t, usb))
	done := make(chan error, 1)
	go func() { done <- i.Invoke(context.Background()) }()
	require.Eventually(t, func() bool { return sim.Stats(usb).Executing != 0 }, 10*time.Second, time.Millisecond)
	sim.Unplug(usb)
	require.ErrorContains(t, within(t, done), "gone")
}

func TestUnplugs(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1").With(edgetputest.Unplugs.After(2).Times(1)))
	i := interpreter(t, compile(t, tiny(t)), mustOpen(t, usb))
	assert.Equal(t, []bool{true, true, false, false}, outcomes(i, 4))
	assert.Eventually(t, func() bool { _, err := device(usb); return err != nil }, 10*time.Second, time.Millisecond)
	sim.Plug(usb)
	_, err := device(usb)
	require.NoError(t, err)
}

// within fails the test if nothing comes in good time.
func within(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(20 * time.Second):
		require.Fail(t, "still waiting")
		return nil
	}
}

// A hanging inference holds the device, and what wants it waits; other devices work.
// The end of the simulation lets it go.
func TestInvokeHangs(t *testing.T) {
	sim, err := edgetputest.Start(edgetputest.PCIe(0), edgetputest.PCIe(1))
	require.NoError(t, err)
	t.Cleanup(func() { sim.Close() })
	lib := rawLibrary(t, sim)
	compiled := compile(t, tiny(t))
	a, b := lib.interpreter(t, compiled, pci), lib.interpreter(t, compiled, pci)
	other := lib.interpreter(t, compiled, "/dev/apex_1")

	sim.SetFault(pci, edgetputest.InvokeHangs.Times(1))
	hanging, waiting := make(chan error, 1), make(chan error, 1)
	go func() { hanging <- a.Invoke(context.Background()) }()
	require.Eventually(t, func() bool { return sim.Stats(pci).Executing == os.Getpid() }, 10*time.Second, time.Millisecond)
	go func() { waiting <- b.Invoke(context.Background()) }()
	assert.Equal(t, []bool{true, true}, outcomes(other, 2))
	select {
	case err := <-hanging:
		t.Errorf("the inference that hangs returned %v", err)
	case err := <-waiting:
		t.Errorf("the inference that waits returned %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	require.NoError(t, sim.Close())
	require.Error(t, within(t, hanging))
	require.Error(t, within(t, waiting))
}

// How long the library takes to decline, scaled.
func TestCreateFaults(t *testing.T) {
	const scale = 0.01
	remove := func(sim *edgetputest.Sim) {
		d, err := device(usb)
		if err == nil {
			os.Remove(filepath.Join(sim.Root(), d.Node))
		}
	}
	tests := map[string]struct {
		provoke func(*edgetputest.Sim)
		google  time.Duration
	}{
		"fails":         {func(sim *edgetputest.Sim) { sim.SetFault(usb, edgetputest.CreateFails) }, 0},
		"blocks":        {func(sim *edgetputest.Sim) { sim.SetFault(usb, edgetputest.CreateBlocks) }, 32 * time.Second},
		"blocks longer": {func(sim *edgetputest.Sim) { sim.SetFault(usb, edgetputest.CreateBlocks.For(time.Second)) }, 100 * time.Second},
		"busy":          {func(sim *edgetputest.Sim) { sim.SetFault(usb, edgetputest.Busy) }, 2 * time.Second},
		"absent":        {func(sim *edgetputest.Sim) { sim.Unplug(usb) }, 25 * time.Second},
		"no node":       {remove, 25 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sim := edgetputest.New(t, edgetputest.USB("2-1"), edgetputest.TimeScale(scale))
			lib := rawLibrary(t, sim)
			test.provoke(sim)
			start := time.Now()
			assert.Nil(t, lib.create(t, usb))
			took, want := time.Since(start), time.Duration(scale*float64(test.google))
			assert.GreaterOrEqual(t, took, want)
			assert.Less(t, took, want+5*time.Second)
			assert.Equal(t, 1, sim.Stats(usb).Creates)
			assert.Zero(t, sim.Stats(usb).Opens)
		})
	}
}

// when runs do in another goroutine, as soon as happened says so.
func when(t *testing.T, happened func() bool, do func()) {
	t.Helper()
	var g sync.WaitGroup
	t.Cleanup(g.Wait)
	g.Go(func() {
		for !happened() {
			select {
			case <-t.Context().Done():
				return
			case <-time.After(time.Millisecond):
			}
		}
		do()
	})
}

// What comes while the library waits for it is opened after all.
func TestPluggedInWhileOpening(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1").Absent(), edgetputest.TimeScale(1))
	lib := rawLibrary(t, sim)
	when(t, func() bool { return sim.Stats(usb).Creates == 1 }, func() { sim.Plug(usb) })
	d := lib.create(t, usb)
	require.NotNil(t, d)
	lib.Free(d)
}

func TestUnpluggedWhileOpening(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1").Ready(), edgetputest.OpenTime(2*time.Second))
	lib := rawLibrary(t, sim)
	when(t, func() bool { return sim.Stats(usb).Owner != 0 }, func() { sim.Unplug(usb) })
	assert.Nil(t, lib.create(t, usb))
	assert.Zero(t, sim.Stats(usb).Owner)
}

func TestOpenTime(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.PCIe(0), edgetputest.OpenTime(100*time.Millisecond))
	start := time.Now()
	mustOpen(t, pci)
	assert.GreaterOrEqual(t, time.Since(start), 100*time.Millisecond)
	mustOpen(t, pci)
	assert.Equal(t, 2, sim.Stats(pci).Creates)
	assert.Equal(t, 1, sim.Stats(pci).Opens, "the second one shares it")
}

// A device that another process has open is refused; when that process has ended,
// however it did, the device is free again.
func TestOwnedByAnotherProcess(t *testing.T) {
	ends := map[string]func(*testing.T, *child){
		"regular": func(t *testing.T, c *child) {
			require.NoError(t, c.stdin.Close())
			_, err := c.finish()
			require.NoError(t, err)
		},
		"killed": func(t *testing.T, c *child) {
			require.NoError(t, c.Process.Kill())
			_, err := c.finish()
			require.Error(t, err)
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			sim := edgetputest.New(t, edgetputest.PCIe(0))
			c := startChild(t, "hold", pci, nil, nil)
			c.waitFor(t, "holding")
			assert.Equal(t, c.Process.Pid, sim.Stats(pci).Owner)
			assert.Eventually(t, func() bool {
				d, err := device(pci)
				return err == nil && d.Owned && d.OwnerPID == c.Process.Pid
			}, 10*time.Second, time.Millisecond)
			lib := rawLibrary(t, sim)
			assert.Nil(t, lib.create(t, pci))

			end(t, c)
			assert.Eventually(t, func() bool {
				d, err := device(pci)
				return err == nil && d.Usable() == nil && !d.Owned
			}, 10*time.Second, time.Millisecond)
			d := lib.create(t, pci)
			require.NotNil(t, d)
			assert.Equal(t, os.Getpid(), sim.Stats(pci).Owner)
			lib.Free(d)
		})
	}
}

// Google's library ends the process of which it is part.
func TestAborts(t *testing.T) {
	tests := map[string]struct {
		device  edgetputest.Device
		helper  string
		provoke func(*edgetputest.Sim)
		words   string
	}{
		"during an inference": {
			edgetputest.USB("2-1").With(edgetputest.InvokeAborts.After(3)), "infer",
			nil, "F usb_driver.cc:857 Deadline exceeded (simulation)",
		},
		"unplugged during an inference": {
			edgetputest.USB("2-1").OnLoss(edgetputest.Abort).With(edgetputest.Unplugs.After(3)), "infer",
			nil, "F usb_driver.cc:1148 HandleQueuedBulkIn transfer in failed. Not found: USB transfer error 5 (simulation)",
		},
		"idle": {
			edgetputest.USB("2-1"), "hold",
			func(sim *edgetputest.Sim) { sim.SetFault(usb, edgetputest.IdleAborts) }, "F usb_driver.cc:446 HIB Error (simulation)",
		},
		"unplugged while idle": {
			edgetputest.USB("2-1").OnLoss(edgetputest.Abort), "hold",
			func(sim *edgetputest.Sim) { sim.Unplug(usb) }, "F usb_driver.cc:1148 HandleQueuedBulkIn",
		},
		"unplugged while idle, silent or not": {
			edgetputest.USB("2-1").OnLoss(edgetputest.Hang), "hold",
			func(sim *edgetputest.Sim) { sim.Unplug(usb) }, "F usb_driver.cc:1148 HandleQueuedBulkIn",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sim := edgetputest.New(t, test.device)
			c := startChild(t, test.helper, usb, tiny(t), compile(t, tiny(t)))
			if test.provoke != nil {
				c.waitFor(t, "holding")
				test.provoke(sim)
			} else {
				c.waitFor(t, "inference 3")
			}
			last, err := c.finish()
			require.ErrorContains(t, err, "abort", "%s\n%s", last, c.stderr.String())
			assert.Contains(t, c.stderr.String(), test.words)
			assert.NotContains(t, last, "error")
			assert.Eventually(t, func() bool { return sim.Stats(usb).Owner == 0 }, 10*time.Second, time.Millisecond)

			// The next process has the device.
			sim.SetFault(usb, edgetputest.NoFault)
			sim.Plug(usb)
			d, err := device(usb)
			require.NoError(t, err)
			require.NoError(t, d.Usable())
			mustOpen(t, usb)
		})
	}
}

// The kernel gives a device back when a process that hangs is killed.
func TestKilledWhileHanging(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1").With(edgetputest.InvokeHangs.After(1).Times(1)))
	c := startChild(t, "infer", usb, tiny(t), compile(t, tiny(t)))
	c.waitFor(t, "inference 1")
	require.Eventually(t, func() bool { return sim.Stats(usb).Executing == c.Process.Pid }, 10*time.Second, time.Millisecond)
	require.NoError(t, c.Process.Kill())
	_, err := c.finish()
	require.Error(t, err)
	assert.Eventually(t, func() bool { return sim.Stats(usb).Owner == 0 && sim.Stats(usb).Executing == 0 }, 10*time.Second, time.Millisecond)
	i := interpreter(t, compile(t, tiny(t)), mustOpen(t, usb))
	requireSame(t, interpreter(t, tiny(t)), i)
}

// A delegate that goes before its interpreters would crash Google's library later.
func TestMisuse(t *testing.T) {
	sim, err := edgetputest.Start(edgetputest.PCIe(0))
	require.NoError(t, err)
	t.Cleanup(func() { sim.Close() })
	lib := rawLibrary(t, sim)
	d := lib.create(t, pci)
	i, err := newInterpreter(compile(t, tiny(t)), lib.wrap(t, d))
	require.NoError(t, err)
	lib.Free(d)
	assert.Equal(t, 1, sim.Misuses())
	assert.Equal(t, []bool{true}, outcomes(i, 1), "it has no effect here")
	require.NoError(t, i.Close())
	lib.Free(d)
	assert.Equal(t, 1, sim.Misuses())
}
