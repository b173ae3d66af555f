package edgetputest

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync/atomic"
	"time"
	"unsafe"
)

// control is the content of the control file, mapped into this process and into each
// that loads the library. sim/control.h has the same layout, and both assert it.
type control struct {
	magic          uint32
	size           uint32
	runtimeVersion uint32
	xnnpack        uint32
	scalePPM       uint32
	openMicros     uint32
	count          uint32
	closed         atomic.Uint32
	verbosity      atomic.Uint32
	misuses        atomic.Uint32
	_              [6]uint32
	devices        [maxDevices]deviceControl
}

type deviceControl struct {
	path [64]byte
	typ  uint32
	bus  uint32

	present      atomic.Uint32
	initialised  atomic.Uint32
	devnum       atomic.Uint32
	generation   atomic.Uint32
	reEnumerate  atomic.Uint32
	reaction     atomic.Uint32
	latencyMicro atomic.Uint32

	fault       atomic.Uint32
	faultAfter  atomic.Uint32
	faultTimes  atomic.Uint32
	faultMillis atomic.Uint32

	owner     atomic.Uint32
	executing atomic.Uint32
	last      atomic.Uint32

	performance atomic.Uint32
	alwaysDFU   atomic.Uint32
	bulkIn      atomic.Uint32
	claimant    atomic.Uint32

	shown atomic.Uint32
	_     uint32

	creates    atomic.Uint64
	opens      atomic.Uint64
	inferences atomic.Uint64
	failures   atomic.Uint64

	resets       atomic.Uint64
	brokenClaims atomic.Uint64
}

const (
	maxDevices   = 16
	controlMagic = 0x31534d53
	controlSize  = 64 + maxDevices*200
)

// The build fails where the layouts differ.
var _ [controlSize]byte = [unsafe.Sizeof(control{})]byte{}

// The C types enum edgetpu_device_type.
const (
	typePCIe = 0
	typeUSB  = 1
)

// newControl lays a control structure into mem, which is zero and of controlSize.
func newControl(mem []byte, c *config) *control {
	ctl := (*control)(unsafe.Pointer(unsafe.SliceData(mem)))
	ctl.size = controlSize
	ctl.runtimeVersion = uint32(c.runtimeVersion)
	if c.xnnpack {
		ctl.xnnpack = 1
	}
	ctl.scalePPM = uint32(c.timeScale * 1e6)
	ctl.openMicros = micros(c.openTime)
	ctl.count = uint32(len(c.devices))
	for i, d := range c.devices {
		dc := &ctl.devices[i]
		copy(dc.path[:len(dc.path)-1], d.path)
		dc.typ, dc.bus = d.typ, uint32(d.bus())
		dc.latencyMicro.Store(micros(d.latency))
		dc.reaction.Store(uint32(d.onLoss))
		dc.setFault(d.fault)
	}
	// Last, because the library believes the rest once this is there.
	binary.NativeEndian.PutUint32(mem, controlMagic)
	return ctl
}

func (d *deviceControl) setFault(f Fault) {
	d.fault.Store(uint32(noFault)) // so that the library never sees half of each
	d.faultAfter.Store(clamp(f.after))
	d.faultTimes.Store(clamp(f.times))
	d.faultMillis.Store(clamp(int(f.wait.Milliseconds())))
	d.fault.Store(uint32(f.kind))
}

func clamp(n int) uint32 { return uint32(max(0, min(n, math.MaxInt32))) }

// micros counts microseconds; the fields have room for an hour.
func micros(d time.Duration) uint32 { return clamp(int(min(d, time.Hour).Microseconds())) }

// performanceName is the inverse of the library's numbering of Low to Max.
func performanceName(n uint32) string {
	names := []string{"", "Low", "Medium", "High", "Max"}
	if int(n) < len(names) {
		return names[n]
	}
	return fmt.Sprint(n)
}
