package edgetputest

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// find returns the device that a test means.
func (s *Sim) find(name string) (*simDevice, error) {
	short := strings.TrimPrefix(strings.TrimPrefix(name, usbDevices), devFolder)
	for _, d := range s.devices {
		if d.name == short {
			return d, nil
		}
	}
	return nil, fmt.Errorf("device %q: %w: the simulation has %s", name, ErrNoDevice, s.names())
}

func (s *Sim) names() string {
	if len(s.devices) == 0 {
		return "none"
	}
	var names []string
	for _, d := range s.devices {
		names = append(names, d.name)
	}
	return strings.Join(names, ", ")
}

// with calls f with a device that nothing else changes meanwhile.
func (s *Sim) with(device string, f func(*simDevice) error) {
	d, err := s.find(device)
	if err == nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		err = f(d)
	}
	s.fail(err)
}

// Unplug pulls the device: it goes from sys and dev, and what has it open loses it. It
// does nothing to a device that is not there.
func (s *Sim) Unplug(device string) {
	s.with(device, func(d *simDevice) error {
		if !d.plugged {
			return nil
		}
		return s.unplug(d)
	})
}

// Plug puts the device in, a USB one without firmware and with a new device number. It
// does nothing to a device that is there.
func (s *Sim) Plug(device string) {
	s.with(device, func(d *simDevice) error {
		if d.plugged {
			return nil
		}
		return s.plug(d, d.typ() == typePCIe)
	})
}

// SetFault sets what goes wrong with the device from now on, instead of what went
// wrong before; [NoFault] ends it.
func (s *Sim) SetFault(device string, f Fault) {
	s.with(device, func(d *simDevice) error {
		d.setFault(f)
		return nil
	})
}

// SetLatency sets the least time that an inference takes from now on.
func (s *Sim) SetLatency(device string, t time.Duration) {
	s.with(device, func(d *simDevice) error {
		d.latencyMicro.Store(micros(t))
		return nil
	})
}

// SetReaction sets what happens when the device is lost, from now on. It is
// [Device.OnLoss] for a simulation that runs.
func (s *Sim) SetReaction(device string, r Reaction) {
	s.with(device, func(d *simDevice) error {
		d.reaction.Store(uint32(r))
		return nil
	})
}

// SetTemperature sets what the sensor of a PCIe device reads, in °C. The real one
// reads −89.7 when the device has fallen off the bus.
func (s *Sim) SetTemperature(device string, celsius float64) {
	s.SetAttribute(device, "temp", fmt.Sprint(int(math.Round(celsius*1000))))
}

// SetAttribute writes an attribute in the device's folder in sysfs, such as "status"
// of a PCIe device or "speed" of a USB one. It lasts until the device is unplugged.
func (s *Sim) SetAttribute(device, name, value string) {
	s.with(device, func(d *simDevice) error {
		if !d.plugged {
			return fmt.Errorf("device %q is not plugged in: %w", device, ErrNoDevice)
		}
		return s.machine.write(d.folder(), map[string]string{name: value})
	})
}

// folder is the device's own in sys.
func (d *simDevice) folder() string {
	if d.typ() == typePCIe {
		return pcieFolder(d.Device)
	}
	dir, _ := usbPlaces(d.name)
	return dir
}

// Stats is what happened to a device so far, in all processes.
type Stats struct {
	// Creates counts the delegates that were asked for, and Opens how often the
	// device was opened for that: delegates of one process share it.
	Creates, Opens int
	// Inferences ended well, Failures did not. Each edgetpu-custom-op is one.
	Inferences, Failures int
	// Resets counts how often the library has reset the port of a USB device, which it
	// does whenever it opens one, and BrokenClaims those that took the device from a
	// program that had it: one of [Sim.Claim], or another process with the library.
	Resets, BrokenClaims int
	// Owner is the process that has the device open, Executing that of the inference
	// in progress, and Last that of the last inference; 0 for none.
	Owner, Executing, Last int
	// Options are those with which the device was last opened.
	Options OpenOptions
}

// OpenOptions are the options of the library that reached the device.
type OpenOptions struct {
	Performance          string // "Low" to "Max", "" if not given
	AlwaysDFU            bool
	MaxBulkInQueueLength int // -1 if not given
}

// Stats returns the counters of the device.
func (s *Sim) Stats(device string) (stats Stats) {
	s.with(device, func(d *simDevice) error {
		stats = Stats{
			Creates:    int(d.creates.Load()),
			Opens:      int(d.opens.Load()),
			Inferences: int(d.inferences.Load()),
			Failures:   int(d.failures.Load()),
			Owner:      int(d.owner.Load()),
			Executing:  int(d.executing.Load()),
			Last:       int(d.last.Load()),

			Resets:       int(d.resets.Load()),
			BrokenClaims: int(d.brokenClaims.Load()),

			Options: OpenOptions{
				Performance:          performanceName(d.performance.Load()),
				AlwaysDFU:            d.alwaysDFU.Load() != 0,
				MaxBulkInQueueLength: int(d.bulkIn.Load()) - 1,
			},
		}
		return nil
	})
	return stats
}
