package edgetpu_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gocoral/coral/edgetpu"
)

// exampleMachine makes the files of a machine with a USB Edge TPU as after power-up, in
// a USB 2 port.
func exampleMachine() (root string, err error) {
	root, err = os.MkdirTemp("", "machine")
	if err != nil {
		return "", err
	}
	for name, content := range map[string]string{
		"sys/bus/usb/devices/1-3/idVendor":  "1a6e\n",
		"sys/bus/usb/devices/1-3/idProduct": "089a\n",
		"sys/bus/usb/devices/1-3/speed":     "480\n",
		"sys/bus/usb/devices/1-3/devnum":    "7\n",
		"dev/bus/usb/001/007":               "",
	} {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return root, err
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			return root, err
		}
	}
	return root, nil
}

// WithRoot is for tests: a program diagnoses its own machine, and prints all findings.
func ExampleDiagnose() {
	root, err := exampleMachine()
	defer os.RemoveAll(root)
	if err != nil {
		fmt.Println(err)
		return
	}
	findings, err := edgetpu.Diagnose(context.Background(), edgetpu.WithRoot(root))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range findings {
		if f.Device != "" { // the others depend on where this runs
			fmt.Println(f.Severity, f.ID, f.Device)
		}
	}
	// Output:
	// warning usb2 /sys/bus/usb/devices/1-3
	// info uninitialised /sys/bus/usb/devices/1-3
	// ok permission /sys/bus/usb/devices/1-3
}

func ExampleWatch() {
	root, err := exampleMachine()
	defer os.RemoveAll(root)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	events, err := edgetpu.Watch(ctx, edgetpu.WithRoot(root))
	if err != nil {
		fmt.Println(err)
		return
	}
	for e := range events {
		fmt.Println(e.Kind, e.Device)
		switch e.Kind {
		case edgetpu.Attached: // pull the cable
			if err := os.RemoveAll(filepath.Join(root, "sys/bus/usb/devices/1-3")); err != nil {
				fmt.Println(err)
				return
			}
		case edgetpu.Detached:
			cancel() // closes the channel
		}
	}
	// Output:
	// attached usb /sys/bus/usb/devices/1-3 (uninitialised, 480 Mbit/s)
	// detached usb /sys/bus/usb/devices/1-3 (uninitialised, 480 Mbit/s)
}
