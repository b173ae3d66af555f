package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/model"
)

// probeLibraryFlag makes the command be the child process of another one.
const probeLibraryFlag = "probe-library"

func (a *app) doctorCommand() *cobra.Command {
	var path, library string
	c := a.does(&cobra.Command{
		Use:   "doctor [-m MODEL] [--device NAME]",
		Short: "Find what stands between this machine and a working Edge TPU",
		Long: `Find what stands between this machine and a working Edge TPU, and with -m also what of
the model it runs. Each finding has an id, a severity, and the command or action that
mends it:

  error    no session can use the device, or any device, until it is mended
  warning  it works, but slower or less well than it could
  info     nothing is wrong
  ok       what was looked at and is good

No device is opened, and libedgetpu is loaded in a process of its own, in case it
crashes. The exit status is 1 if there is an error, which "no device is attached" is too,
and 0 otherwise.`,
		Example: `  coral doctor
  coral doctor -m mobilenet_edgetpu.tflite --device usb
  coral doctor --json | jq -r 'select(.severity == "error") | .fixes[]'`,
		Args: noArguments,
	}, func(ctx context.Context, _ []string) error {
		if library != "" {
			return a.printJSON(loadLibrary(library))
		}
		return a.doctor(ctx, path)
	})
	c.Flags().StringVarP(&path, "model", "m", "", "look at this `MODEL` too, or the form for the Edge TPU that lies beside it")
	c.Flags().StringVar(&library, probeLibraryFlag, "", "")
	// The errors would be that a flag does not exist.
	_ = c.MarkFlagFilename("model", "tflite")
	_ = c.Flags().MarkHidden(probeLibraryFlag)
	return c
}

func (a *app) doctor(ctx context.Context, modelPath string) error {
	opts := []edgetpu.DiagnoseOption{edgetpu.WithLogger(a.logger()), edgetpu.WithLibraryProbe(probeLibrary)}
	switch device := string(a.device); device {
	case coral.CPUOnly.String():
		return usagef("doctor is about Edge TPUs, and --device %s leaves none to look at", device)
	case "", coral.Auto.String(), coral.RequireTPU.String():
	default:
		selector, err := edgetpu.ParseDevice(device)
		if err != nil {
			return usageError{err}
		}
		opts = append(opts, edgetpu.WithSelector(selector))
	}
	if modelPath != "" {
		m, err := readForTPU(modelPath)
		if err != nil {
			return err
		}
		opts = append(opts, edgetpu.WithModel(m))
	}
	findings, err := edgetpu.Diagnose(ctx, opts...)
	if err != nil {
		return err
	}
	return a.printFindings(findings)
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
		a.print("    %s.", f.Message)
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

// libraryAnswer is what the child process says of a library.
type libraryAnswer struct {
	Version string `json:"version"`
	Error   string `json:"error"`
}

// loadLibrary is the work of the child process.
func loadLibrary(path string) libraryAnswer {
	lib, err := edgetpu.Load(path)
	if err != nil {
		return libraryAnswer{Error: strings.TrimPrefix(err.Error(), "edgetpu: ")}
	}
	return libraryAnswer{Version: lib.Version()}
}

// probeTimeout bounds the loading of a library, which takes milliseconds.
const probeTimeout = 10 * time.Second

// probeLibrary finds out the version of a libedgetpu by loading it in a child process:
// a wrong file may crash it, or hang.
func probeLibrary(ctx context.Context, path string) (version string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "doctor", "--"+probeLibraryFlag, path)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", fmt.Errorf("loading it did not end in time: %w", ctx.Err())
	}
	if err != nil {
		return "", fmt.Errorf("loading it ends the process: %w", err)
	}
	// A library that prints when it is loaded comes first.
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	var answer libraryAnswer
	if err := json.Unmarshal(lines[len(lines)-1], &answer); err != nil {
		return "", fmt.Errorf("loading it disturbs the process: %w", err)
	}
	if answer.Error != "" {
		return "", errors.New(answer.Error)
	}
	return answer.Version, nil
}
