package edgetputest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// errClaim: a claim that cannot be.
var errClaim = errors.New("cannot be claimed")

// Claim has another program claim a USB device, one that knows nothing of this module and
// takes no lock of its, as pycoral does. It returns the process, which has the device's
// node open until [Sim.Release], until the device is unplugged, or until somebody opens it:
// the library resets the port then, the kernel takes the interface from the program, and
// the program ends, as one with Google's library does. [Stats] counts that in
// BrokenClaims.
//
// Like the kernel, sysfs shows the claim by the link BUS-PORT:1.0/driver to usbfs, and it
// shows that of a process with this library in the same way.
func (s *Sim) Claim(device string) (pid int) {
	s.with(device, func(d *simDevice) error {
		switch {
		case d.typ() != typeUSB:
			return fmt.Errorf("device %q: %w: it is no USB device", device, errClaim)
		case !d.plugged:
			return fmt.Errorf("device %q is not plugged in: %w", device, ErrNoDevice)
		case d.claimant != nil || d.owner.Load() != 0:
			return fmt.Errorf("device %q: %w: a program has it", device, errClaim)
		}
		c, err := newClaimant(s.machine.path(usbNode(d.Device.bus(), int(d.devnum.Load()))))
		if err != nil {
			return err
		}
		pid = int(c.pid())
		d.claimant = c
		d.deviceControl.claimant.Store(c.pid())
		return s.show(d)
	})
	return pid
}

// Release ends what [Sim.Claim] began. It does nothing to a device without a claim.
func (s *Sim) Release(device string) {
	s.with(device, func(d *simDevice) error {
		if d.claimant == nil {
			return nil
		}
		d.endClaim()
		return s.show(d)
	})
}

func (d *simDevice) endClaim() {
	d.deviceControl.claimant.Store(0)
	d.claimant.kill()
	d.claimant = nil
}

// claimant is the process of a claim. It waits for the end of its input, so it does not
// outlive this process.
type claimant struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

func newClaimant(node string) (*claimant, error) {
	f, err := os.OpenFile(node, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	cmd := exec.Command("cat")
	cmd.ExtraFiles = []*os.File{f}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &claimant{cmd: cmd, stdin: stdin}, nil
}

func (c *claimant) pid() uint32 { return uint32(c.cmd.Process.Pid) }

func (c *claimant) kill() {
	_ = c.cmd.Process.Kill() // it may have ended by itself
	_ = c.cmd.Wait()         // killed is what it is to be
	_ = c.stdin.Close()
}
