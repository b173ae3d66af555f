package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// doctorFlags are those of coral doctor.
type doctorFlags struct {
	model string
	open  bool
}

func (a *app) doctorCommand() *cobra.Command {
	var f doctorFlags
	c := a.does(&cobra.Command{
		Use:   "doctor [-m MODEL] [--device NAME] [--open]",
		Short: "Find what stands between this machine and a working Edge TPU",
		Long: `Find what stands between this machine and a working Edge TPU, and with -m also what of
the model it runs. Each finding has an id, a severity and, where something is to be
mended, the commands or actions that do it, one a line:

  error    no session can use the device, or any device, until it is mended
  warning  it works, but slower or less well than it could
  info     nothing is wrong; what was found good is listed too

No device is opened, unless --open asks for it, and libedgetpu is loaded in a process of
its own, in case it crashes. The exit status is 1 if there is an error, which "no device
is attached" is too, and 0 otherwise.

--open also has each device opened and closed again, in a process of its own that is
killed after 20 seconds. That resets a USB device, and loads its firmware if it has none.
Devices that another program holds, or that have an error already, are not opened.`,
		Example: `  coral doctor
  coral doctor --open --device usb:0
  coral doctor -m mobilenet_edgetpu.tflite --device usb
  coral doctor --json | jq -r 'select(.severity == "error") | .fix'`,
		Args: noArguments,
	}, func(ctx context.Context, _ []string) error { return a.doctor(ctx, &f) })
	c.Flags().StringVarP(&f.model, "model", "m", "", "look at this `MODEL` too, or the form for the Edge TPU that lies beside it")
	c.Flags().BoolVar(&f.open, "open", false, "open the devices, too")
	// The error would be that the flag does not exist.
	_ = c.MarkFlagFilename("model", "tflite")
	return c
}

func (a *app) doctor(ctx context.Context, f *doctorFlags) error {
	selector, err := a.doctorSelector()
	if err != nil {
		return err
	}
	var library libraryAnswer
	opts := []edgetpu.DiagnoseOption{
		edgetpu.WithLogger(a.logger()), edgetpu.WithSelector(selector), edgetpu.WithLibrary(a.library),
		edgetpu.WithLibraryProbe(func(ctx context.Context, path string) (string, error) {
			library = askLibrary(ctx, []string{path})
			if library.Error != "" {
				return "", errors.New(library.Error)
			}
			return library.Version, nil
		}),
	}
	if f.model != "" {
		m, err := readForTPU(f.model)
		if err != nil {
			return err
		}
		opts = append(opts, edgetpu.WithModel(m))
	}
	findings, err := edgetpu.Diagnose(ctx, opts...)
	if err != nil {
		return err
	}
	devices, err := a.doctorDevices(ctx, selector)
	if err != nil {
		return err
	}
	if f.open {
		findings = append(findings, a.openings(ctx, devices, findings)...)
	}
	findings = append(findings, goodDevices(devices, findings)...)
	findings = append(findings, goodLibraries(library)...)
	return a.printFindings(findings)
}

// doctorSelector stands for the devices that --device names.
func (a *app) doctorSelector() (selector edgetpu.Selector, err error) {
	switch device := string(a.device); device {
	case coral.CPUOnly.String():
		return selector, usagef("doctor is about Edge TPUs, and --device %s leaves none to look at", device)
	case "", coral.Auto.String(), coral.RequireTPU.String():
		return selector, nil
	default:
		if selector, err = edgetpu.ParseDevice(device); err != nil {
			return selector, usageError{err}
		}
		return selector, nil
	}
}

// doctorDevices are the devices that are meant; there may be none.
func (a *app) doctorDevices(ctx context.Context, selector edgetpu.Selector) ([]edgetpu.Device, error) {
	all, err := edgetpu.Probe(ctx, edgetpu.WithLogger(a.logger()))
	if err != nil {
		return nil, err
	}
	devices, err := selector.All(all)
	if errors.Is(err, edgetpu.ErrNoDevice) { // which is a finding
		return nil, nil
	}
	return devices, err
}

// failing reports whether there is an error about the device.
func failing(device string, findings []edgetpu.Finding) bool {
	return slices.ContainsFunc(findings, func(f edgetpu.Finding) bool {
		return f.Severity == edgetpu.Error && f.Device == device
	})
}

// openings tries the devices that nothing is known against.
func (a *app) openings(ctx context.Context, devices []edgetpu.Device, findings []edgetpu.Finding) (found []edgetpu.Finding) {
	for _, d := range devices {
		if failing(d.Path, findings) {
			found = append(found, edgetpu.Finding{
				ID: "not-opened", Severity: edgetpu.Info, Device: d.Path,
				Message: "the device was not opened, for it has an error already",
			})
			continue
		}
		answer, err := a.askToOpen(ctx, d.Path)
		found = append(found, openingFinding(d.Path, answer, err))
	}
	return found
}

// goodDevices are the devices without an error.
func goodDevices(devices []edgetpu.Device, findings []edgetpu.Finding) (good []edgetpu.Finding) {
	for _, d := range devices {
		if !failing(d.Path, findings) {
			good = append(good, edgetpu.Finding{
				ID: "device-good", Severity: edgetpu.Info, Device: d.Path,
				Message: join(", ", "the device is "+string(d.State), either(d.SpeedMbps > 0, speed(d), ""),
					either(d.Temperature != nil, temperature(d), ""), "and this user may open it"),
			})
		}
	}
	return good
}

// goodLibraries are the native libraries that can be loaded.
func goodLibraries(edgeTPU libraryAnswer) (good []edgetpu.Finding) {
	if edgeTPU.Version != "" {
		good = append(good, edgetpu.Finding{
			ID: "library-good", Severity: edgetpu.Info,
			Message: fmt.Sprintf("libedgetpu can be loaded: %s, %s", edgeTPU.Path, edgeTPU.Version),
		})
	}
	if version := tflite.Version(); version != "" {
		good = append(good, edgetpu.Finding{
			ID: "tflite-good", Severity: edgetpu.Info,
			Message: join(", ", "TensorFlow Lite is linked: "+version, tflitePath(), either(tflite.HasXNNPACK(), "with", "without")+" XNNPACK"),
		})
	}
	return good
}

func (a *app) printFindings(findings []edgetpu.Finding) error {
	var serious int
	for _, f := range findings {
		if f.Severity == edgetpu.Error {
			serious++
		}
		if a.asJSON {
			if err := a.printJSON(f); err != nil {
				return err
			}
			continue
		}
		a.print("%s %s", f.Severity, strings.TrimSpace(f.ID+" "+f.Device))
		a.print("    %s.", strings.TrimSuffix(f.Message, "."))
		for _, remedy := range strings.FieldsFunc(f.Fix, func(r rune) bool { return r == '\n' }) {
			a.print("    fix: %s", remedy)
		}
	}
	switch {
	case serious > 0:
		return fmt.Errorf("%d of the findings %s in the way of an Edge TPU: mend them as they say", serious, either(serious == 1, "stands", "stand"))
	case !a.asJSON:
		a.print("Nothing stands in the way of an Edge TPU.")
	}
	return nil
}

// readForTPU reads the form of the model that coral.Open gives to an Edge TPU, if there
// is one.
func readForTPU(path string) (*model.Model, error) {
	m, err := model.ReadFile(path)
	if err != nil || m.IsEdgeTPU() {
		return m, err
	}
	extension := filepath.Ext(path)
	if twin, err := model.ReadFile(strings.TrimSuffix(path, extension) + "_edgetpu" + extension); err == nil && twin.IsEdgeTPU() {
		return twin, nil
	}
	return m, nil
}
