package edgetpu

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gocoral/coral/internal/processes"
)

// owner is the program that has a device. The zero owner is one that cannot be seen.
type owner struct {
	pid  int    // of the program, not of its worker process
	name string // what the kernel calls it, "" if unknown
}

// ownerOf is the program that the process belongs to.
func ownerOf(table processes.Table, pid int) owner {
	if pid <= 0 {
		return owner{}
	}
	pid = table.Program(pid)
	return owner{pid, table.Name(pid)}
}

// here are the processes of this machine, whatever root a probe has.
var here = processes.In(os.DirFS("/"))

// thisProgram is the process that others know this program by: for a worker, the one that
// has started it.
var thisProgram = sync.OnceValue(func() int { return here.Program(os.Getpid()) })

func (o owner) foreign() bool { return o.pid != thisProgram() }

func (o owner) String() string {
	switch {
	case o.pid == 0:
		return "another process"
	case !o.foreign():
		return "this program"
	case o.name == "":
		return fmt.Sprintf("process %d", o.pid)
	}
	return fmt.Sprintf("process %d (%s)", o.pid, o.name)
}

// findOwner fills in who has the device: the holder of its lock, or whom the apex driver
// names, or who has claimed it.
func (p *prober) findOwner(d *Device) {
	o, owned := p.lockOwner(*d)
	switch {
	case o.pid != 0:
	case d.Owned:
		o = ownerOf(p.processes, d.OwnerPID)
	case d.Type == USB:
		if claimant, claimed := p.claim(*d); claimed {
			o, owned = claimant, true
		}
	}
	d.Owned = d.Owned || owned
	if d.Owned {
		d.OwnerPID, d.OwnerName = o.pid, o.name
	}
}

// lockOwner is who has the lock of the device, if it is locked.
func (p *prober) lockOwner(d Device) (o owner, locked bool) {
	file, err := p.lockFile(d, false)
	if err != nil || file == nil {
		return owner{}, false
	}
	defer file.Close()
	pid, locked := lockedBy(file)
	return ownerOf(here, pid), locked
}

// claim is who has claimed an interface of the USB device, if somebody has.
func (p *prober) claim(d Device) (o owner, claimed bool) {
	if !p.claimed(d) {
		return owner{}, false
	}
	return p.claimant(d), true
}

// claimed reports whether a program has claimed an interface of the USB device: then the
// driver of that interface is usbfs.
func (p *prober) claimed(d Device) bool {
	name, ok := d.name()
	// Interfaces are on the bus beside their device, and in its folder.
	return ok && (p.hasClaim(sysfsUSBDevices, name) || p.hasClaim(path.Join(sysfsUSBDevices, name), name))
}

func (p *prober) hasClaim(dir, name string) bool {
	entries, err := fs.ReadDir(p.files, dir)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(entries, func(entry fs.DirEntry) bool {
		if !strings.HasPrefix(entry.Name(), name+":") { // CONFIGURATION.INTERFACE follows
			return false
		}
		driver, err := fs.ReadLink(p.files, path.Join(dir, entry.Name(), "driver"))
		return err == nil && path.Base(filepath.ToSlash(driver)) == "usbfs"
	})
}

// claimant is who has claimed the device: who has its node open. A foreign program among
// several counts, for it is the one to be spared.
func (p *prober) claimant(d Device) owner {
	table, pids := p.processes, p.processes.Holding(d.Node)
	if len(pids) == 0 && p.root != "/" { // or a process of this machine, on a made-up one
		table, pids = here, here.Holding(filepath.Join(p.root, filepath.FromSlash(d.Node)))
	}
	var found owner
	for _, pid := range pids {
		o := ownerOf(table, pid)
		if o.foreign() {
			return o
		}
		found = o
	}
	return found
}

// unclaimed returns an error that wraps ErrDeviceBusy if another process has claimed the
// USB device. This process must have its lock, and not have opened it.
func unclaimed(d Device, opts ...ProbeOption) error {
	if d.Type != USB {
		return nil // the apex driver itself refuses a second process, without a reset
	}
	p, err := newProber(opts)
	if err != nil {
		return err
	}
	d.Node = cmp.Or(p.nodeNow(d), d.Node)
	o, claimed := p.claim(d)
	for try := 0; try < 100 && claimed && o.pid == 0; try++ {
		time.Sleep(time.Millisecond) // it may be of a process that is just ending
		o, claimed = p.claim(d)
	}
	if !claimed || o.pid == os.Getpid() { // by other means than this package, and for the same library
		return nil
	}
	return fmt.Errorf("%w: %s has claimed it, and opening it would end that: stop it, or choose another device", ErrDeviceBusy, o)
}

// nodeNow is the USB device's node, which is another one than before if its firmware has
// been loaded since; "" if unknown.
func (p *prober) nodeNow(d Device) string {
	name, _ := d.name()
	ports, ok := parsePorts(name)
	address, known := parseIndex(attrReader(p.files, path.Join(sysfsUSBDevices, name))("devnum"))
	if !ok || !known {
		return ""
	}
	return usbNode(ports[0], address)
}
