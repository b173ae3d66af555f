package edgetputest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gocoral/coral/internal/options"
)

// Option configures a simulation. A [Device] is one.
type Option interface{ apply(*config) error }

type optionFunc func(*config) error

func (f optionFunc) apply(c *config) error { return f(c) }

type config struct {
	devices        []Device
	runtimeVersion int
	timeScale      float64
	openTime       time.Duration
	xnnpack        bool
}

// errOption: an option that means nothing.
var errOption = errors.New("bad option")

func newConfig(opts []Option) (*config, error) {
	c := &config{runtimeVersion: 14, timeScale: 0.01}
	if err := options.Each(opts, func(o Option) error { return o.apply(c) }); err != nil {
		return nil, err
	}
	return c, nil
}

// maxRuntimeVersion is far above any that there is.
const maxRuntimeVersion = 1000

// RuntimeVersion sets the number that the library tells in edgetpu_version. A compiled
// model whose minimum is greater is refused. The default is 14, Google's current one.
func RuntimeVersion(n int) Option {
	return optionFunc(func(c *config) error {
		if n < 1 || n > maxRuntimeVersion {
			return fmt.Errorf("%w: runtime version %d, it is from 1 to %d", ErrRange, n, maxRuntimeVersion)
		}
		c.runtimeVersion = n
		return nil
	})
}

// TimeScale sets how long failures to open take: a fraction of what they take with
// Google's library, which is 25 seconds for an absent or forbidden device, 32 for one
// that does not answer, 2 for one in use elsewhere; loading the firmware takes 1. The
// default is 0.01, a hundredth of that.
func TimeScale(fraction float64) Option {
	return optionFunc(func(c *config) error {
		if !(fraction >= 0 && fraction <= 100) { // false for NaN, too
			return fmt.Errorf("%w: time scale %v, it is from 0 to 100", ErrRange, fraction)
		}
		c.timeScale = fraction
		return nil
	})
}

// OpenTime sets how long a good opening takes, besides the firmware. The default is
// no time; Google's library takes 2 seconds.
func OpenTime(d time.Duration) Option {
	return optionFunc(func(c *config) error {
		if d < 0 {
			return fmt.Errorf("%w: an opening that takes %v", ErrRange, d)
		}
		c.openTime = d
		return nil
	})
}

// XNNPACK has the simulation compute with XNNPACK instead of the built-in kernels,
// where the runtime has it. Its results differ from theirs in the last bits.
func XNNPACK() Option {
	return optionFunc(func(c *config) error {
		c.xnnpack = true
		return nil
	})
}

// Device describes a simulated accelerator. It is made by [USB] or [PCIe] and refined
// by its methods, each of which returns a changed copy.
type Device struct {
	path    string // as libedgetpu names it
	name    string // the last element of path
	typ     uint32
	speed   int
	ready   bool
	absent  bool
	latency time.Duration
	onLoss  Reaction
	fault   Fault
}

// USB is an accelerator in a USB 3 port, named as the kernel does it: BUS-PORT, with
// .PORT for each hub on the way, such as "2-1" or "1-3.2". It is as after power-up,
// without firmware, which the first opening loads.
func USB(port string) Device {
	return Device{path: usbDevices + port, name: port, typ: typeUSB, speed: 5000}
}

// PCIe is an accelerator with the driver's number n, /dev/apex_N.
func PCIe(n int) Device {
	name := "apex_" + strconv.Itoa(n)
	return Device{path: devFolder + name, name: name, typ: typePCIe, ready: true}
}

// Ready is the USB device with its firmware already loaded.
func (d Device) Ready() Device { d.ready = true; return d }

// Speed is the USB device at that many Mbit/s: 480 is a USB 2 port or cable.
func (d Device) Speed(mbps int) Device { d.speed = mbps; return d }

// Absent is the device not yet plugged in.
func (d Device) Absent() Device { d.absent = true; return d }

// Latency is the device with inferences that take at least t.
func (d Device) Latency(t time.Duration) Device { d.latency = t; return d }

// OnLoss is the device with another reaction to being unplugged; the default is
// [Fail].
func (d Device) OnLoss(r Reaction) Device { d.onLoss = r; return d }

// With is the device with a fault from the start.
func (d Device) With(f Fault) Device { d.fault = f; return d }

// Path is what libedgetpu and edgetpu.Probe call the device.
func (d Device) Path() string { return d.path }

func (d Device) apply(c *config) error {
	if err := d.check(); err != nil {
		return err
	}
	for _, other := range c.devices {
		if other.path == d.path {
			return fmt.Errorf("%w: two devices at %s", errOption, d.path)
		}
	}
	if len(c.devices) == maxDevices {
		return fmt.Errorf("%w: more than %d devices", ErrRange, maxDevices)
	}
	c.devices = append(c.devices, d)
	return nil
}

func (d Device) check() error {
	if d.typ == typePCIe {
		if n, err := strconv.Atoi(strings.TrimPrefix(d.name, "apex_")); err != nil || n < 0 || n > 255 {
			return fmt.Errorf("%w: PCIe device %s", errOption, d.name)
		}
		return nil
	}
	bus, ports, found := strings.Cut(d.name, "-")
	for _, number := range append([]string{bus}, strings.Split(ports, ".")...) {
		if n, err := strconv.Atoi(number); !found || err != nil || n < 1 || n > 255 || strconv.Itoa(n) != number {
			return fmt.Errorf("%w: USB port %q, it is BUS-PORT[.PORT…] such as 2-1", errOption, d.name)
		}
	}
	if len(d.path) > 60 {
		return fmt.Errorf("%w: USB port %q is too long", errOption, d.name)
	}
	return nil
}

// bus is the USB bus number.
func (d Device) bus() int {
	number, _, _ := strings.Cut(d.name, "-")
	n, _ := strconv.Atoi(number) // 0 for PCIe, and checked for USB
	return n
}
