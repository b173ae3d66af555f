package edgetputest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// AddModel tells the simulation what a model that Google's compiler made computes: the
// part of its CPU twin between the tensors of each edgetpu-custom-op. Models made by
// [Compile] need it not, but may be given.
//
// Errors wrap [ErrBadModel], or [ErrTwinMismatch] for two models that are not twins.
func (s *Sim) AddModel(cpu, tpu []byte) error {
	cuts, err := cuts(cpu, tpu)
	if err != nil {
		return fmt.Errorf("edgetputest: add model: %w", err)
	}
	for name, cut := range cuts {
		err = errors.Join(err, writeAtomically(filepath.Join(s.dir, modelsFolder, name), cut, 0o644))
	}
	if err != nil {
		return fmt.Errorf("edgetputest: add model: %w", err)
	}
	return nil
}

// AddModelFiles is [Sim.AddModel] for two files.
func (s *Sim) AddModelFiles(cpuPath, tpuPath string) error {
	cpu, err := os.ReadFile(cpuPath)
	if err != nil {
		return fmt.Errorf("edgetputest: add model: %w", err)
	}
	tpu, err := os.ReadFile(tpuPath)
	if err != nil {
		return fmt.Errorf("edgetputest: add model: %w", err)
	}
	return s.AddModel(cpu, tpu)
}

// cuts returns the models to run for the operators of tpu, by the name of the file in
// which the library looks for each.
func cuts(cpu, tpu []byte) (map[string][]byte, error) {
	twin, err := parseOriginal(cpu)
	if err != nil {
		return nil, fmt.Errorf("CPU model: %w", err)
	}
	compiled, err := parseOriginal(tpu)
	if err != nil {
		return nil, fmt.Errorf("compiled model: %w", err)
	}
	cuts := make(map[string][]byte)
	for i, op := range compiled.Operators {
		if op.CustomCode != customCode {
			continue
		}
		cut, err := twin.cut(compiled.pick(op.Inputs), compiled.pick(op.Outputs))
		if err != nil {
			return nil, fmt.Errorf("operator %d of the compiled model: %w", i, err)
		}
		cuts[fmt.Sprintf("%016x.tflite", hash(op.CustomOptions))] = cut
	}
	if len(cuts) == 0 {
		return nil, fmt.Errorf("compiled model: has no operator for the Edge TPU: %w", ErrTwinMismatch)
	}
	return cuts, nil
}
