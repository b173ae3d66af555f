package coral

import (
	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/failover"
)

// DeviceType is what a session can run on.
type DeviceType string

// The types. A session has no device when an Edge TPU is required and none is usable.
const (
	DeviceNone DeviceType = "none"
	DeviceCPU  DeviceType = "cpu"
	DeviceUSB  DeviceType = DeviceType(edgetpu.USB)
	DevicePCIe DeviceType = DeviceType(edgetpu.PCIe)
)

// Device is what a session runs on. Two of them can be compared with ==. The JSON names are
// stable.
type Device struct {
	Type DeviceType `json:"type"`
	// Path and State are those of an Edge TPU ([edgetpu.Device]), empty for the CPU.
	Path  string        `json:"path"`
	State edgetpu.State `json:"state"`
}

// IsTPU reports whether the device is an Edge TPU.
func (d Device) IsTPU() bool { return d.Type == DeviceUSB || d.Type == DevicePCIe }

// String is "CPU", "no device", or "Edge TPU" with the accelerator's type, path and state.
func (d Device) String() string {
	switch {
	case d.IsTPU():
		return "Edge TPU " + string(d.Type) + " " + d.Path + " (" + string(d.State) + ")"
	case d.Type == DeviceCPU:
		return "CPU"
	}
	return "no device"
}

func deviceOf(kind failover.Kind, d edgetpu.Device) Device {
	switch kind {
	case failover.TPU:
		return Device{Type: DeviceType(d.Type), Path: d.Path, State: d.State}
	case failover.CPU:
		return Device{Type: DeviceCPU}
	}
	return Device{Type: DeviceNone}
}
