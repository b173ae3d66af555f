// Package edgetpu knows which Edge TPUs are attached to this machine, whether
// this process can use them, and if not, why not and what to do about it. It
// links no TensorFlow Lite, so a program that only looks for devices needs none.
//
//	devices, err := edgetpu.Probe(ctx)
//	if err != nil {
//		return err
//	}
//	device, err := edgetpu.Choose(devices, edgetpu.Selector{}) // any
//	if errors.Is(err, edgetpu.ErrPermission) {
//		fmt.Println(err) // says which udev rule and group are missing
//	}
//
// Looking first is worth it: libedgetpu itself says only that it failed, and
// takes 25 seconds to find out that a device is absent or forbidden.
//
// # Two identities of one USB device
//
// A USB Edge TPU comes up as 1a6e:089a (Global Unichip Corp.) and can do nothing
// but take a firmware. libedgetpu loads it when it first opens the device, which
// then leaves the bus and returns as 18d1:9302 (Google Inc.) until it loses
// power. [Uninitialised] and [Ready] are these two states, and both are healthy.
//
// What changes with the identity is the device number and with it the device
// node, /dev/bus/usb/BBB/DDD. That is why a container needs all of /dev/bus/usb,
// and why udev rules must name both identities. What stays is the port.
//
// # Paths and numbers
//
// [Device.Path] identifies a device in the form libedgetpu uses, on every
// operating system:
//
//	/dev/apex_0                  the PCIe device number 0
//	/sys/bus/usb/devices/2-1     the USB device in port 1 of bus 2
//	/sys/bus/usb/devices/1-3.2   behind a hub: port 2 of the hub in port 3 of bus 1
//
// [ParseDevice] reads these, and the names pycoral uses: "", "usb", "usb:1",
// "pci", "pci:0", ":2". The numbers count from 0 in [Probe]'s order, which is
// PCIe before USB, PCIe by number, USB by bus and port: places, so that a number does not
// change its meaning with a cable. What is asked for without a number ("", "usb") prefers a
// stick on USB 3 to one on USB 2, whichever place comes first. libedgetpu's own order
// is another: its PCIe devices come as the folder lists them, with apex_1 before
// apex_0 if so it happens, and its USB devices come uninitialised ones first, so
// that "usb:0" can be another stick after the first one was opened. A device
// chosen here is therefore to be opened by its Path and never by a number.
//
// # Permission
//
// A device is opened for reading and writing. [Device.Accessible] tells whether
// the kernel would allow that to this process, and [Device.Reason] what to do if
// not: install a udev rule and join the group it names (plugdev for USB, apex
// for PCIe), pass the nodes into the container, or allow them by its device
// rules. Nothing is opened to find out.
//
// # Temperature
//
// PCIe devices have a sensor; USB ones have none. At the three TripPoints, 85,
// 90 and 95 °C unless the driver was told otherwise, the chip slows down from
// 500 MHz to 250, 125 and 62.5, and at 100 °C it is switched off ([Overheated]).
// A reading below −40 °C is not cold but the sign of a device that fell off the
// bus and answers all ones: it is [Dead], whatever the driver says.
//
// # What stands in the way
//
// [Diagnose] looks at everything between this machine and a working device, from the
// kernel's page size to the version of libedgetpu, and gives each finding with the
// command that mends it. "coral doctor" prints them. [Watch] tells when devices come,
// go and change.
//
// # Driving a device
//
// [Load] opens libedgetpu at run time, and [Runtime.NewDelegate] opens a device with it,
// for tflite.WithDelegates. Package coral does both, and what to do when they fail.
// libedgetpu blocks for half a minute on a device that is not there or forbidden, so what
// can be known is checked first and the opening has a deadline.
//
// # Sharing
//
// A device serves one process. [LockDevice] says so before libedgetpu fails: its error
// names the program that holds it. The lock is on an object of the kernel's that all
// users see; containers with a sysfs of their own do not.
//
// Programs that do not know the lock, such as those of pycoral, are seen by what they do
// to the device: a USB device whose interface has the driver usbfs has been claimed. That
// must be known before it is opened, because libedgetpu begins with a reset, which takes
// the device from the program that uses it and makes libedgetpu abort there.
//
// [Probe] sees both, so [Device.Owned] and [Device.Usable] tell without opening anything
// whether a device is free; [Runtime.NewDelegate] looks again. The kernel need not announce
// the end of a claim, so [Watch] finds out by looking, once a second.
//
// # Other systems and builds
//
// libusb is reached through gousb, which needs cgo and libusb-1.0 with its
// pkg-config file at build time. With CGO_ENABLED=0 or the build tag nousb,
// Linux loses nothing where sysfs is mounted, and macOS and Windows see no
// devices. PCIe devices are known on Linux only.
//
// # Testing
//
// [WithRoot], or UMOCKDEV_DIR in the environment, points the probe at a folder
// that holds a made-up sys and dev, such as umockdev-run makes from a text file.
// This package's testdata has such files, and WithRoot's example builds a tree
// by hand.
package edgetpu
