package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gocoral/coral/edgetpu"
)

// openDevice opens the device and closes it, in the child process that doctor --open
// starts. [edgetpu.Runtime.NewDelegate] sees to it that a device of another program is
// not touched.
func openDevice(ctx context.Context, path string, libraries []string) openAnswer {
	started := time.Now()
	if err := tryToOpen(ctx, path, libraries); err != nil {
		return openAnswer{Error: explainReason(err), Busy: errors.Is(err, edgetpu.ErrDeviceBusy)}
	}
	return openAnswer{Seconds: time.Since(started).Seconds()}
}

func tryToOpen(ctx context.Context, path string, libraries []string) error {
	devices, err := edgetpu.Probe(ctx)
	if err != nil {
		return err
	}
	k := slices.IndexFunc(devices, func(d edgetpu.Device) bool { return d.Path == path })
	if k < 0 {
		return fmt.Errorf("%s is no longer attached: %w", path, edgetpu.ErrNoDevice)
	}
	library, err := edgetpu.Load(libraries...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout-time.Second) // before the parent kills this process
	defer cancel()
	delegate, err := library.NewDelegate(ctx, devices[k], edgetpu.Options{})
	if err != nil {
		return err
	}
	delegate.Delete()
	return nil
}

// openingFinding says how the opening of a device went.
func openingFinding(path string, answer openAnswer, err error) edgetpu.Finding {
	f := edgetpu.Finding{ID: "open-failed", Severity: edgetpu.Error, Device: path,
		Fix: "unplug the device and plug it in again, or switch the machine off and on for a PCIe one\nlook for the cause with: dmesg | tail"}
	switch {
	case err != nil:
		f.Message = "opening the device " + err.Error()
	case answer.Busy:
		f.ID, f.Severity, f.Fix = "not-opened", edgetpu.Info, ""
		f.Message = "the device was not opened, for another program has it: " + answer.Error
	case answer.Error != "":
		f.Message = "opening the device fails: " + answer.Error
	default:
		f.ID, f.Severity, f.Fix = "opens", edgetpu.Info, ""
		f.Message = fmt.Sprintf("libedgetpu opens the device, in %.1f seconds", answer.Seconds)
	}
	return f
}
