// Package simulate gives the examples accelerators to play with on machines that have
// none.
package simulate

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gocoral/coral/edgetpu/edgetputest"
)

// Start starts a simulation of the devices and points this process at it. close ends it.
func Start(devices ...edgetputest.Option) (sim *edgetputest.Sim, err error) {
	sim, err = edgetputest.Start(devices...)
	if err != nil {
		return nil, err
	}
	if err := sim.Setenv(); err != nil {
		sim.Close()
		return nil, err
	}
	return sim, nil
}

// Compile writes the CPU model at path, and a form of it for the simulated Edge TPU, into
// dir, and returns the path of the first.
func Compile(path, dir string) (string, error) {
	cpu, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	tpu, err := edgetputest.Compile(cpu)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	name := strings.TrimSuffix(filepath.Base(path), ".tflite")
	copied := filepath.Join(dir, name+".tflite")
	if err := os.WriteFile(copied, cpu, 0o600); err != nil {
		return "", err
	}
	return copied, os.WriteFile(filepath.Join(dir, name+"_edgetpu.tflite"), tpu, 0o600)
}
