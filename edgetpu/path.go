package edgetpu

import (
	"strconv"
	"strings"
)

// What libedgetpu's paths begin with. It composes the USB one from libusb's bus
// and port numbers, on every operating system.
const (
	usbPath  = "/sys/bus/usb/devices/"
	apexPath = "/dev/" + apexName
	apexName = "apex_"
)

// parsePorts takes the name of a USB device in sysfs apart: BUS-PORT[.PORT…].
// Root hubs (usb1) and interfaces (1-3:1.0) are not devices in that sense.
func parsePorts(name string) (busAndPorts []int, ok bool) {
	bus, ports, _ := strings.Cut(name, "-")
	for _, field := range append([]string{bus}, strings.Split(ports, ".")...) {
		n, ok := parseIndex(field)
		if !ok || n == 0 { // buses and ports count from 1
			return nil, false
		}
		busAndPorts = append(busAndPorts, n)
	}
	return busAndPorts, true
}

// formatPorts is the inverse of parsePorts.
func formatPorts(busAndPorts []int) string {
	var b strings.Builder
	for i, n := range busAndPorts {
		switch i {
		case 0:
		case 1:
			b.WriteByte('-')
		default:
			b.WriteByte('.')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

// parseIndex parses a small number in the one spelling the kernel uses, without
// a sign or leading zeros.
func parseIndex(s string) (int, bool) {
	n, err := strconv.ParseUint(s, 10, 16)
	return int(n), err == nil && strconv.FormatUint(n, 10) == s
}
