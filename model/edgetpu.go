package model

import (
	"fmt"
	"slices"

	"github.com/gocoral/coral/internal/schema"
)

// EdgeTPUOperator is the custom operator that holds everything the Edge TPU compiler
// could take over.
const EdgeTPUOperator = "edgetpu-custom-op"

// EdgeTPU is what can be told about a compiled model without an Edge TPU and
// without its library.
type EdgeTPU struct {
	// Ops is the number of operators that run on the Edge TPU. Each holds a part
	// of the network; one is best, since data crosses the bus between them.
	Ops int
	// CPUOps are the operators left for the CPU, sorted by name.
	CPUOps []OperatorCount
	// MinRuntimeVersion is the oldest libedgetpu that runs the model: the number in
	// "RuntimeVersion(14)", not a package version.
	MinRuntimeVersion int
	// CompilerVersion is what edgetpu_compiler calls itself, mostly just "cl/".
	CompilerVersion string
	// ModelIdentifier was given by whoever compiled the model, and is mostly empty.
	ModelIdentifier string
	// Executables of all operators, in order.
	Executables []Executable
}

// Executable is one program for the Edge TPU. A model mostly has two: one that
// loads the parameters, and one that runs with them.
type Executable struct {
	Name string
	// Chip is the code name of the chip, "beagle" for all of Coral.
	Chip string
	Type ExecutableType
	// ParameterCachingToken is equal in models that were compiled together and so
	// can keep their parameters on the chip at the same time. Models of different
	// tokens replace each other's parameters at every change.
	ParameterCachingToken uint64
	// ParameterBytes, InstructionBytes and ScratchBytes are the sizes of the
	// weights, of the program, and of the work memory in the host.
	ParameterBytes, InstructionBytes, ScratchBytes int
	// EstimatedCycles of one inference, 0 if the compiler did not say.
	EstimatedCycles int64
	// BatchSize is the number of inputs processed together.
	BatchSize int
	// NarrowMemoryBytes is the memory used in each tile of the chip.
	NarrowMemoryBytes int
	// DeterministicDMA tells whether the host can plan all transfers. If not,
	// libedgetpu runs the model on USB devices only with
	// USB_ENABLE_BULK_DESCRIPTORS_FROM_DEVICE set in its environment.
	DeterministicDMA bool
	// Inputs and Outputs are transferred for each inference.
	Inputs, Outputs []Layer
}

// ExecutableType is the part that an [Executable] plays.
type ExecutableType int16

// The parts.
const (
	// StandAlone executables bring their parameters with them, for every inference.
	StandAlone ExecutableType = 0
	// ParameterCaching executables load parameters into the memory of the chip.
	ParameterCaching ExecutableType = 1
	// ExecutionOnly executables run with the parameters loaded before.
	ExecutionOnly ExecutableType = 2
)

// String returns the name in the compiler's schema, such as "EXECUTION_ONLY".
func (t ExecutableType) String() string {
	switch t {
	case StandAlone:
		return "STAND_ALONE"
	case ParameterCaching:
		return "PARAMETER_CACHING"
	case ExecutionOnly:
		return "EXECUTION_ONLY"
	}
	return fmt.Sprintf("executable type %d", int16(t))
}

// Layer is a tensor as the Edge TPU transfers it.
type Layer struct {
	// Name of the tensor in the model.
	Name string
	// Bytes that are transferred, with padding.
	Bytes int
	// Height, Width and Depth in elements, without the batch dimension.
	Height, Width, Depth int
	// Executions is how often the layer runs in one inference, mostly 1.
	Executions int
}

// CachedBytes is the size of the parameters that stay on the chip between
// inferences. The chip has 8 MB less what the program needs.
func (e *EdgeTPU) CachedBytes() int {
	return e.parameters(func(t ExecutableType) bool { return t == ParameterCaching })
}

// StreamedBytes is the size of the parameters that did not fit on the chip and
// are sent with every inference, which is what makes a large model slow.
func (e *EdgeTPU) StreamedBytes() int {
	return e.parameters(func(t ExecutableType) bool { return t != ParameterCaching })
}

func (e *EdgeTPU) parameters(which func(ExecutableType) bool) (sum int) {
	if e == nil {
		return 0
	}
	for _, x := range e.Executables {
		if which(x.Type) {
			sum += x.ParameterBytes
		}
	}
	return sum
}

// NeedsDescriptors reports whether libedgetpu runs the model on USB devices only with
// USB_ENABLE_BULK_DESCRIPTORS_FROM_DEVICE=1 in its environment: not all transfers of some
// executable are known beforehand. LSTMs are such models. PCIe devices run them as they
// are.
func (e *EdgeTPU) NeedsDescriptors() bool {
	return e != nil && slices.ContainsFunc(e.Executables, func(x Executable) bool { return !x.DeterministicDMA })
}

// IsEdgeTPU reports whether the model was compiled for the Edge TPU. Without one
// it cannot be run at all.
func (m *Model) IsEdgeTPU() bool {
	for op := range m.operators {
		if op.isEdgeTPU() {
			return true
		}
	}
	return false
}

func (op Operator) isEdgeTPU() bool {
	return op.BuiltinCode == schema.OpCustom && op.CustomCode == EdgeTPUOperator
}

// EdgeTPU decodes what the Edge TPU compiler put into the model. It returns nil
// and no error for a model that was not compiled. The error wraps [ErrBadModel].
func (m *Model) EdgeTPU() (*EdgeTPU, error) {
	if !m.IsEdgeTPU() {
		return nil, nil
	}
	e := &EdgeTPU{CPUOps: m.count(func(op Operator) bool { return !op.isEdgeTPU() })}
	for op := range m.operators {
		if !op.isEdgeTPU() {
			continue
		}
		if err := e.add(op); err != nil {
			return nil, fmt.Errorf("%w: operator %d for the Edge TPU: %w", ErrBadModel, e.Ops, err)
		}
		e.Ops++
	}
	return e, nil
}

// add decodes one operator. Its options are a FlexBuffers map, with the version
// of the format under "1" and the executables as a FlatBuffer under "4".
func (e *EdgeTPU) add(op Operator) error {
	blob, err := flexBlobOf(op.CustomOptions, "4")
	if err != nil {
		return err
	}
	if len(blob) < 8 || string(blob[4:8]) != "DWN1" {
		return fmt.Errorf("its options hold no executable (\"DWN1\")")
	}
	d := newDecoder(blob)
	if err := e.addPackage(d.root()); err != nil {
		return err
	}
	return d.err
}

// The decode functions name the fields by their slot in executable.fbs of
// libedgetpu.

func (e *EdgeTPU) addPackage(t table) error {
	e.MinRuntimeVersion = max(e.MinRuntimeVersion, int(t.int32(0, 0)))
	e.CompilerVersion = firstOf(e.CompilerVersion, t.string(4))
	e.ModelIdentifier = firstOf(e.ModelIdentifier, t.string(7))
	multi := t.bytes(1)
	if len(multi) == 0 {
		return t.d.err
	}
	d := newDecoder(multi)
	for i, b := range d.root().blobs(0, "executable") {
		x, err := decodeExecutable(b)
		if err != nil {
			return fmt.Errorf("executable %d: %w", i, err)
		}
		e.Executables = append(e.Executables, x)
	}
	return d.err
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func decodeExecutable(b []byte) (Executable, error) {
	d := newDecoder(b)
	t := d.root()
	x := Executable{
		Name:                  t.string(1),
		BatchSize:             int(t.int32(3, 0)),
		ScratchBytes:          int(t.int32(4, 0)),
		ParameterBytes:        len(t.bytes(6)),
		DeterministicDMA:      t.table(7).bool(1),
		Inputs:                tables(t, 8, "input", decodeLayer),
		Outputs:               tables(t, 9, "output", decodeLayer),
		Chip:                  t.string(10),
		EstimatedCycles:       int64(t.int32(11, 0)),
		NarrowMemoryBytes:     int(t.int32(12, 0)),
		Type:                  ExecutableType(t.int16(13)),
		ParameterCachingToken: t.uint64(14),
	}
	if cycles := t.int64(16); cycles != 0 {
		x.EstimatedCycles = cycles
	}
	for _, n := range tables(t, 5, "instructions", func(t table) int { return len(t.bytes(0)) }) {
		x.InstructionBytes += n
	}
	return x, d.err
}

func decodeLayer(t table) Layer {
	return Layer{
		Name:       t.string(0),
		Bytes:      int(t.int32(1, 0)),
		Height:     int(t.int32(2, 0)),
		Width:      int(t.int32(3, 0)),
		Depth:      int(t.int32(4, 0)),
		Executions: int(t.int32(9, 1)),
	}
}
