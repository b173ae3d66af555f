package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gocoral/coral/edgetpu"
)

// openDevice opens the device and closes it, in the child process that doctor --open
// starts. [edgetpu.Runtime.NewDelegate] sees to it that a device of another program is
// not touched.
func openDevice(ctx context.Context, path string, libraries []string) (answer openAnswer) {
	if err := tryToOpen(ctx, path, libraries); err != nil {
		text := strings.ReplaceAll(explainReason(err), " and at coral doctor", "") // which this is
		answer = openAnswer{Error: text, Hangs: errors.Is(err, edgetpu.ErrRuntimeStuck)}
	}
	return answer
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
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	delegate, err := library.NewDelegate(ctx, devices[k], edgetpu.Options{})
	if err != nil {
		return err
	}
	delegate.Delete()
	return nil
}
