package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu"
)

func (a *app) devicesCommand() *cobra.Command {
	var watch bool
	c := a.does(&cobra.Command{
		Use:   "devices [--device NAME] [--watch]",
		Short: "List the Edge TPUs of this machine, and which one a session takes",
		Long: `List the Edge TPUs attached to this machine, whether this user may open them, and which
one a session would run on and why. Nothing is opened, no firmware is loaded, and
libedgetpu is loaded in a process of its own, in case it crashes. The first column is what --device takes.

Without any Edge TPU the list is empty and the command succeeds, unless --device asks
for one.

--watch tells instead what comes, goes and changes, until it is interrupted.`,
		Example: `  coral devices
  coral devices --device usb:1
  coral devices --watch
  coral devices --json | jq -r '.devices[] | select(.accessible) | .path'`,
		Args: noArguments,
	}, func(ctx context.Context, args []string) error {
		if watch {
			return a.watchDevices(ctx)
		}
		return a.devices(ctx, args)
	})
	c.Flags().BoolVar(&watch, "watch", false, "tell what changes, until interrupted")
	return c
}

// watchOutput is the JSON of coral devices --watch.
type watchOutput struct {
	Time time.Time `json:"time"`
	edgetpu.Event
	// Device hides that of the event; a device that went has the name that it had.
	Device namedDevice `json:"device"`
}

func (a *app) watchDevices(ctx context.Context) error {
	if a.device != "" {
		return usagef("--watch tells of all Edge TPUs: leave out --device")
	}
	events, err := edgetpu.Watch(ctx, edgetpu.WithLogger(a.logger()))
	if err != nil {
		return err
	}
	if !a.asJSON {
		a.print("%s watching for Edge TPUs, until interrupted", time.Now().Format(time.TimeOnly))
	}
	names := make(map[string]string) // by path
	for e := range events {
		if devices, err := edgetpu.Probe(ctx); err == nil {
			for k, name := range deviceNames(devices) {
				names[devices[k].Path] = name
			}
		}
		if err := a.printEvent(time.Now(), names[e.Device.Path], e); err != nil { // nobody reads on
			return err
		}
	}
	return nil
}

func (a *app) printEvent(now time.Time, name string, e edgetpu.Event) error {
	if a.asJSON {
		return a.printJSON(watchOutput{now.UTC().Truncate(time.Millisecond), e, namedDevice{e.Device, name}})
	}
	a.print("%s %-11s %s", now.Format(time.TimeOnly), e.Kind, e.Device)
	return a.stdout.err
}

// cpu is what devicesOutput calls it.
const cpu = "cpu"

// devicesOutput is the JSON of coral devices.
type devicesOutput struct {
	Devices []namedDevice `json:"devices"`
	// Chosen is "cpu", the path of an Edge TPU, or null if what --device asks for
	// is not to be had.
	Chosen *string `json:"chosen"`
	Why    string  `json:"why"`
}

// namedDevice is a device with the name that --device takes.
type namedDevice struct {
	edgetpu.Device
	Name string `json:"name"`
}

// deviceNames are the names by which [edgetpu.ParseDevice] knows the devices of a probe.
func deviceNames(devices []edgetpu.Device) []string {
	names, count := make([]string, len(devices)), make(map[edgetpu.Type]int)
	for k, d := range devices {
		names[k] = fmt.Sprintf("%s:%d", d.Type, count[d.Type])
		count[d.Type]++
	}
	return names
}

func (a *app) devices(ctx context.Context, _ []string) error {
	found, err := edgetpu.Probe(ctx, edgetpu.WithLogger(a.logger()))
	if err != nil {
		return err
	}
	out := devicesOutput{Devices: make([]namedDevice, len(found))} // [] rather than null
	for k, name := range deviceNames(found) {
		out.Devices[k] = namedDevice{found[k], name}
	}
	chosen, why, chooseErr := a.choose(ctx, found)
	if out.Why = why; chooseErr == nil {
		out.Chosen = &chosen
	}
	if a.asJSON {
		if err := a.printJSON(out); err != nil {
			return err
		}
		return chooseErr
	}
	a.printDevices(out.Devices)
	if chooseErr == nil {
		a.print("A session runs on %s, because %s.", either(chosen == cpu, "the CPU", chosen), why)
	}
	return chooseErr
}

func (a *app) printDevices(devices []namedDevice) {
	if len(devices) == 0 {
		a.print("No Edge TPUs found.")
		return
	}
	rows := [][]string{{"NAME", "PATH", "STATE", "SPEED", "ACCESS", "TEMPERATURE"}}
	for _, d := range devices {
		rows = append(rows, []string{d.Name, d.Path, string(d.State), speed(d.Device), access(d.Device), temperature(d.Device)})
	}
	a.table(rows)
	for _, d := range devices {
		if d.Reason != "" {
			a.print("%s: %s.", d.Path, d.Reason)
		}
	}
}

func speed(d edgetpu.Device) string {
	if d.SpeedMbps == 0 {
		return "-"
	}
	return fmt.Sprintf("%d Mbit/s", d.SpeedMbps)
}

func access(d edgetpu.Device) string {
	switch {
	case !d.Accessible:
		return "denied"
	case d.Owned:
		return "in use"
	}
	return "yes"
}

func temperature(d edgetpu.Device) string {
	if d.Temperature == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f °C", *d.Temperature)
}

// choose says what a session with that --device would run on, and why. The decision
// is coral.Open's, less what depends on the model and on opening the device.
func (a *app) choose(ctx context.Context, devices []edgetpu.Device) (chosen, why string, err error) {
	selector, required := edgetpu.Selector{}, true
	switch device := string(a.device); device {
	case coral.CPUOnly.String():
		return cpu, "the CPU was asked for", nil
	case "", coral.Auto.String():
		required = false
	case coral.RequireTPU.String():
	default:
		if selector, err = edgetpu.ParseDevice(device); err != nil {
			return "", "", err
		}
	}
	d, err := edgetpu.Choose(devices, selector)
	if err == nil {
		answer := askLibrary(ctx, a.libraries())
		if answer.Error == "" {
			return d.Path, "it is " + either(required, "the one asked for", "the first that can be used"), nil
		}
		err = fmt.Errorf("an Edge TPU is attached (%s), but libedgetpu cannot be loaded: %s", d, answer.Error)
	}
	switch {
	case required:
		return "", explainReason(err), err
	case len(devices) == 0:
		return cpu, "no Edge TPU is attached", nil
	}
	return cpu, explainReason(err), nil
}
