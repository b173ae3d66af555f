package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/tflitelib"
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
		Use:   "doctor [MODEL] [--device NAME] [--open]",
		Short: "Find what stands between this machine and a working Edge TPU",
		Long: `Find what stands between this machine and a working Edge TPU, and with a model also
what of it the Edge TPU runs. Each finding has an id, a severity and, where something is to be
mended, the commands or actions that do it, one a line:

  error    no session can use the device, or any device, until it is mended
  warning  it works, but slower or less well than it could
  info     worth knowing, and nothing is wrong
  ok       what was looked at and is good

No device is opened, unless --open asks for it, and libedgetpu is loaded in a process of
its own, in case it crashes. The exit status is 1 if there is an error, which "no device
is attached" is too, and 0 otherwise.

--open also has each device opened and closed again, in a process of its own that is
killed after 10 seconds. That resets a USB device, and loads its firmware if it has none.
What has an error already is not opened, a device that another program holds above all.`,
		Example: `  coral doctor
  coral doctor --open --device usb:0
  coral doctor mobilenet_edgetpu.tflite --device usb
  coral doctor --json | jq -r 'select(.severity == "error") | .fixes[]'`,
		Args:              f.takeModel,
		ValidArgsFunction: completeModel,
	}, func(ctx context.Context, _ []string) error { return a.doctor(ctx, &f) })
	c.Flags().VarP(nameFlag{&f.model}, "model", "m", "look at this `MODEL` too, or the form for the Edge TPU that lies beside it")
	c.Flags().BoolVar(&f.open, "open", false, "open the devices, too")
	// The error would be that the flag does not exist.
	_ = c.MarkFlagFilename("model", "tflite")
	return c
}

// takeModel accepts a model as the one argument, or by --model, or none.
func (f *doctorFlags) takeModel(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	m := modelFlags{path: f.model}
	err := m.takeModel(c, args)
	f.model = m.path
	return err
}

func (a *app) doctor(ctx context.Context, f *doctorFlags) error {
	opts := []edgetpu.DiagnoseOption{
		edgetpu.WithLogger(a.logger()), edgetpu.WithLibrary(a.library), edgetpu.WithLibraryProbe(askForVersion),
	}
	selector, err := a.doctorSelector()
	if err != nil {
		return err
	}
	opts = append(opts, edgetpu.WithSelector(selector))
	if f.open {
		opts = append(opts, edgetpu.WithOpenProbe(a.askToOpen))
	}
	var compiled string // the file that the model comes from
	if f.model != "" {
		m, path, err := readForTPU(f.model)
		if err != nil {
			return err
		}
		if m.IsEdgeTPU() {
			compiled = path
		}
		opts = append(opts, edgetpu.WithModel(m))
	}
	findings, err := edgetpu.Diagnose(ctx, opts...)
	if err != nil {
		return err
	}
	good := slices.IndexFunc(findings, func(f edgetpu.Finding) bool { return f.Severity == edgetpu.Info || f.Severity == edgetpu.OK })
	if good < 0 {
		good = len(findings)
	}
	findings = slices.Insert(findings, good, aboutTwin(compiled)...)
	findings = append(findings, aboutTFLite(tflite.Runtime()))
	return a.printFindings(findings)
}

// aboutTwin is about the CPU model to which a session falls back from the Edge TPU. There is
// nothing to say of one that is there, nor without a compiled model.
func aboutTwin(compiled string) []edgetpu.Finding {
	m := modelFlags{path: compiled}
	if compiled == "" || m.cpuTwin() != "" {
		return nil
	}
	f := edgetpu.Finding{
		ID: "model-without-twin", Severity: edgetpu.Warning,
		Message: compiled + " has no CPU twin: without an Edge TPU a session cannot be opened, and one that loses its Edge TPU cannot go on",
		Fixes:   []string{"name the CPU model that it was compiled from with --twin"},
	}
	if model.IsTwinPath(compiled) {
		f.Fixes = append([]string{"put the CPU model that it was compiled from at " + model.TwinPath(compiled)}, "or name it with --twin")
	}
	return []edgetpu.Finding{f}
}

// aboutTFLite is about what runs everything that the Edge TPU does not. It takes what
// [tflite.Runtime] returns.
func aboutTFLite(library tflite.RuntimeInfo, err error) edgetpu.Finding {
	switch {
	case err == nil:
		return edgetpu.Finding{ID: "tflite", Severity: edgetpu.OK, Message: describeTFLite(library)}
	case errors.Is(err, tflite.ErrCgoRequired):
		return edgetpu.Finding{
			ID: "tflite", Severity: edgetpu.Warning, Message: "this program was built without cgo and runs no models",
			Fixes: []string{"build it with CGO_ENABLED=1 and a C compiler"},
		}
	case errors.Is(err, tflite.ErrPlatform):
		return edgetpu.Finding{ID: "cpu-too-old", Severity: edgetpu.Error, Message: err.Error(), Fixes: tflite.CPUAdvice()}
	}
	fix := cmp.Or(tflitelib.Advice(err), "run coral fetch-runtime as the user who runs models")
	message := strings.TrimSuffix(err.Error(), ": "+fix)
	return edgetpu.Finding{ID: "tflite-missing", Severity: edgetpu.Error, Message: message, Fixes: []string{fix}}
}

// describeTFLite is "TensorFlow Lite is 2.17.1, FILE, in the cache folder, with XNNPACK".
func describeTFLite(library tflite.RuntimeInfo) string {
	return join(", ", "TensorFlow Lite is "+library.Version, library.Path, string(library.Source), either(tflite.HasXNNPACK(), "with XNNPACK", "without XNNPACK"))
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

func (a *app) printFindings(findings []edgetpu.Finding) error {
	var serious int
	for _, f := range findings {
		if f.Severity == edgetpu.Error {
			serious++
		}
		f.Message = explainText(f.Message)
		for k := range f.Fixes {
			f.Fixes[k] = explainText(f.Fixes[k])
		}
		if a.asJSON {
			f.Fixes = append([]string{}, f.Fixes...) // [] rather than null
			if err := a.printJSON(f); err != nil {
				return err
			}
			continue
		}
		a.print("%s %s", f.Severity, strings.TrimSpace(f.ID+" "+f.Device))
		a.print("    %s.", strings.TrimSuffix(f.Message, "."))
		for _, fix := range f.Fixes {
			a.print("    fix: %s", fix)
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
// is one, and says where it is.
func readForTPU(path string) (m *model.Model, file string, err error) {
	m, err = model.ReadFile(path)
	if err != nil || m.IsEdgeTPU() {
		return m, path, err
	}
	beside := model.TwinPath(path)
	if twin, err := model.ReadFile(beside); err == nil && twin.IsEdgeTPU() {
		return twin, beside, nil
	}
	return m, path, nil
}
