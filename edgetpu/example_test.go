package edgetpu_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gocoral/coral/edgetpu"
)

// WithRoot lets a program's own tests run on a made-up machine: this one has a
// USB Edge TPU that was just plugged in.
func ExampleWithRoot() {
	root, err := os.MkdirTemp("", "machine")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(root)
	for name, content := range map[string]string{
		"sys/bus/usb/devices/2-1/idVendor":  "1a6e\n",
		"sys/bus/usb/devices/2-1/idProduct": "089a\n",
		"sys/bus/usb/devices/2-1/speed":     "5000\n",
		"sys/bus/usb/devices/2-1/devnum":    "3\n",
		"dev/bus/usb/002/003":               "",
	} {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			fmt.Println(err)
			return
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			fmt.Println(err)
			return
		}
	}

	devices, err := edgetpu.Probe(context.Background(), edgetpu.WithRoot(root))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range devices {
		fmt.Println(d)
		fmt.Println("node:", d.Node)
		fmt.Println("usable:", d.Usable() == nil)
	}
	// Output:
	// usb /sys/bus/usb/devices/2-1 (uninitialised, 5000 Mbit/s)
	// node: /dev/bus/usb/002/003
	// usable: true
}

func ExampleParseDevice() {
	for _, name := range []string{"", "usb", "pci:1", ":2", "/sys/bus/usb/devices/1-3.2", "tpu0"} {
		s, err := edgetpu.ParseDevice(name)
		if errors.Is(err, edgetpu.ErrDeviceSpec) {
			fmt.Printf("%q is wrong\n", name)
			continue
		}
		fmt.Printf("%q\n", s)
	}
	// Output:
	// ""
	// "usb"
	// "pci:1"
	// ":2"
	// "/sys/bus/usb/devices/1-3.2"
	// "tpu0" is wrong
}

// The PCIe device comes first, but another process holds it.
func ExampleChoose() {
	devices := []edgetpu.Device{ // as from Probe
		{Type: edgetpu.PCIe, Path: "/dev/apex_0", State: edgetpu.Ready, Accessible: true, Owned: true},
		{Type: edgetpu.USB, Path: "/sys/bus/usb/devices/2-1", State: edgetpu.Uninitialised, Accessible: true},
	}

	first, err := edgetpu.Choose(devices, edgetpu.Selector{}) // any
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(first.Path)

	pcie, err := edgetpu.ParseDevice("pci")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = edgetpu.Choose(devices, pcie)
	fmt.Println(errors.Is(err, edgetpu.ErrDeviceBusy))
	fmt.Println(err)
	// Output:
	// /sys/bus/usb/devices/2-1
	// true
	// /dev/apex_0: the Edge TPU is in use by another process: it is held by another process: stop that, or choose another device
}
