package edgetpu

import (
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Temperatures in °C that mean something to the chip, its sensor or its driver.
const (
	// deadBelow: the sensor reads −89.7 when the bus answers all ones.
	deadBelow = -40
	// shutdownAt is where the chip is switched off, unless the driver's
	// hw_temp_warn2 names another temperature.
	shutdownAt = 100
	// sensorMin and sensorMax bound what ten bits of sensor can say. Anything
	// else in the file is not a temperature.
	sensorMin, sensorMax = -100, 200
)

// pcie lists the devices of the apex driver: those in its class in sysfs, and
// those of which there is only a node.
func (p *prober) pcie() []Device {
	numbers := map[int]bool{}
	for _, dir := range []string{"sys/class/apex", "dev"} {
		entries, err := fs.ReadDir(p.files, dir)
		if err != nil {
			p.log.Debug("no PCIe devices in a folder", "error", err)
		}
		for _, entry := range entries {
			if s, ok := strings.CutPrefix(entry.Name(), "apex_"); ok {
				if n, ok := parseIndex(s); ok {
					numbers[n] = true
				}
			}
		}
	}
	var devices []Device
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		devices = append(devices, apexDevice(p.files, n))
	}
	return devices
}

// apexDevice describes PCIe device n by its driver's attributes, as far as there
// are any.
func apexDevice(files fs.FS, n int) Device {
	node := apexPath + strconv.Itoa(n)
	read := attrReader(files, "sys/class/apex/apex_"+strconv.Itoa(n))
	d := Device{
		Type:          PCIe,
		Path:          node,
		Node:          node,
		Temperature:   parseTemperature(read("temp")),
		Status:        read("status"),
		Owned:         read("is_device_owned") == "1",
		UniqueID:      read("unique_id"),
		DriverVersion: read("driver_version"),
		PCIAddress:    read("pci_address"),
	}
	for i := range d.TripPoints {
		if t := parseTemperature(read("trip_point" + strconv.Itoa(i) + "_temp")); t != nil {
			d.TripPoints[i] = *t
		}
	}
	if d.Owned { // the attribute keeps its last value when the owner has gone
		if pid, err := strconv.Atoi(read("device_owner")); err == nil {
			d.OwnerPID = max(pid, 0)
		}
	}
	d.State = apexState(d.Status, d.Temperature, parseTemperature(read("hw_temp_warn2")))
	return d
}

// apexState judges by the driver's word and, because the driver notices a lost
// bus late or never, by the temperature.
func apexState(status string, temperature, shutdown *float64) State {
	limit := float64(shutdownAt)
	if shutdown != nil {
		limit = *shutdown
	}
	switch {
	case status == "DEAD", status == "DRIVER_EXITING":
		return Dead
	case temperature != nil && *temperature < deadBelow:
		return Dead
	case status == "LAMED":
		return Lamed
	case temperature != nil && *temperature >= limit:
		return Overheated
	case status == "ALIVE":
		return Ready
	}
	return Unknown
}

// parseTemperature turns the driver's thousandths of a degree into °C. It gives
// nil for what no sensor says.
func parseTemperature(s string) *float64 {
	milli, err := strconv.Atoi(s)
	if err != nil {
		return nil
	}
	celsius := float64(milli) / 1000
	if celsius < sensorMin || celsius > sensorMax {
		return nil
	}
	return &celsius
}
