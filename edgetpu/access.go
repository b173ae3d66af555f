package edgetpu

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// errNotNode: docker run -v makes an empty folder for a node the host has not.
var errNotNode = errors.New("is a folder, not a device")

// mayOpen tells whether this process may open the node at path for reading and
// writing, without opening it.
func mayOpen(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return errNotNode
	}
	return checkAccess(path)
}

// accessReason explains why mayOpen failed with err, and what to do about it.
func accessReason(d Device, err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, errNotNode):
		return fmt.Sprintf("%s is a folder, not a device: the container was started while the host had no such device; "+
			"start it again with the device attached", d.Node)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("there is no %s here: %s", d.Node, containerHint(d))
	case errors.Is(err, syscall.EPERM): // no file mode leads to this answer; a cgroup does
		return fmt.Sprintf("the container's device rules forbid %s: %s", d.Node, containerHint(d))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("this process may not read and write %s: %s", d.Node, udevHint(d))
	}
	return fmt.Sprintf("%s cannot be opened: %v", d.Node, err)
}

// containerHint tells how a container gets at d. One USB node would not do,
// because the device has another one once its firmware is loaded.
func containerHint(d Device) string {
	if d.Type == USB {
		return `give a container all of USB: docker run -v /dev/bus/usb:/dev/bus/usb --device-cgroup-rule "c 189:* rwm"`
	}
	return "give a container the device: docker run --device " + d.Node
}

// udevHint tells how a user who is not root gets at d.
func udevHint(d Device) string { return strings.Join(udevSteps(d), ", then ") }

// udevSteps are the rule, its taking effect and the group. The rules are Coral's own in
// substance, and name both USB identities.
func udevSteps(d Device) []string {
	rule, file, group, then := `SUBSYSTEM=="apex"`, "/etc/udev/rules.d/65-apex.rules", "apex", "reboot"
	if d.Type == USB {
		rule, file = `SUBSYSTEM=="usb", ATTR{idVendor}=="1a6e|18d1", ATTR{idProduct}=="089a|9302"`, "/etc/udev/rules.d/99-edgetpu.rules"
		group, then = "plugdev", "plug the device in again"
	}
	return []string{
		fmt.Sprintf(`put %s, GROUP=%q, MODE="0660" into %s`, rule, group, file),
		then,
		fmt.Sprintf(`sudo usermod -aG %s $USER, and log in again`, group),
	}
}
