package edgetputest

import (
	"fmt"
	"slices"

	"github.com/gocoral/coral/internal/options"
	"github.com/gocoral/coral/internal/schema"
	"github.com/gocoral/coral/model"
)

// CompileOption changes what [Compile] makes.
type CompileOption func(*compilation) error

type compilation struct {
	first      int // operators at most
	pieces     int
	minRuntime int
	token      uint64
	identifier string
	unplanned  bool
}

// First limits the accelerator to n operators; the rest stays on the CPU. 0, the
// default, is no limit.
func First(n int) CompileOption {
	return func(c *compilation) error {
		if n < 0 {
			return fmt.Errorf("the first %d operators: %w", n, ErrRange)
		}
		c.first = n
		return nil
	}
}

// CustomOps has the accelerator's part divided among n operators, which run one after
// the other. The default is one, as Google's compiler makes it.
func CustomOps(n int) CompileOption {
	return func(c *compilation) error {
		c.pieces = n
		return nil
	}
}

// MinRuntimeVersion sets the oldest runtime that the model wants; the default is 12,
// which most models of Google's compiler have.
func MinRuntimeVersion(n int) CompileOption {
	return func(c *compilation) error {
		if n < 1 || n > maxRuntimeVersion {
			return fmt.Errorf("runtime version %d, it is from 1 to %d: %w", n, maxRuntimeVersion, ErrRange)
		}
		c.minRuntime = n
		return nil
	}
}

// CachingToken sets the parameter caching token. Models that were compiled together
// have the same one, and others their own, as by default.
func CachingToken(token uint64) CompileOption {
	return func(c *compilation) error {
		c.token = token
		return nil
	}
}

// Identifier sets the model identifier, which is empty by default.
func Identifier(s string) CompileOption {
	return func(c *compilation) error {
		c.identifier = s
		return nil
	}
}

// UnplannedTransfers marks the model as one whose transfers over USB are not all known
// when it is compiled, as the compiler does with some recurrent ones. Google's library
// refuses such a model at its first inference on a USB device ("must have fully
// deterministic DMA hints"), and so does the simulation, unless the environment has
// USB_ENABLE_BULK_DESCRIPTORS_FROM_DEVICE=1 when the library is loaded.
func UnplannedTransfers() CompileOption {
	return func(c *compilation) error {
		c.unplanned = true
		return nil
	}
}

// Compile makes what the Edge TPU compiler would, for the simulation: a model in which
// the longest run of operators that an Edge TPU could take is one edgetpu-custom-op.
// Those are quantised to 8 bits and have fixed shapes; everything before and after
// stays on the CPU. Inputs and outputs stay the same, signatures are dropped.
//
// The operator's options are built as Google's compiler does it, so that
// model.EdgeTPU reads them. The program in them is the part of the model that it
// replaces, for the simulated library to run: a real Edge TPU can do nothing with it,
// and must not be given it.
//
// Errors wrap [ErrBadModel], [ErrUnsupported] for a model with nothing for an Edge TPU, or
// [ErrRange] for more operators than there can be.
func Compile(b []byte, opts ...CompileOption) ([]byte, error) {
	c := compilation{pieces: 1, minRuntime: 12}
	if err := options.Apply(&c, opts); err != nil {
		return nil, fmt.Errorf("edgetputest: compile: %w", err)
	}
	o, err := parseOriginal(b)
	if err != nil {
		return nil, fmt.Errorf("edgetputest: compile: %w", err)
	}
	compiled, err := c.compile(o)
	if err != nil {
		return nil, fmt.Errorf("edgetputest: compile: %w", err)
	}
	return compiled, nil
}

func (c *compilation) compile(o *original) ([]byte, error) {
	r := o.longestRun()
	if c.first > 0 {
		r.to = min(r.to, r.from+c.first)
	}
	pieces := r.divide(c.pieces)
	switch {
	case r.to == r.from:
		return nil, fmt.Errorf("no operator is for an Edge TPU (they are quantised to 8 bits and have fixed shapes): %w", ErrUnsupported)
	case len(pieces) == 0:
		return nil, fmt.Errorf("%d operators for an Edge TPU cannot be divided among %d: %w", r.to-r.from, c.pieces, ErrRange)
	}
	p := part{inputs: o.Inputs, outputs: o.Outputs, metadata: true}
	p.steps = operators(0, r.from)
	for _, piece := range pieces {
		p.steps = append(p.steps, step{custom: c.customOp(o, piece)})
	}
	p.steps = append(p.steps, operators(r.to, len(o.Operators))...)
	return o.write(p), nil
}

// customOp makes the operator in place of a range. Variables are inputs of it, as in
// Google's models, so that their content is the caller's to reset.
func (c *compilation) customOp(o *original, r run) *customOp {
	inputs, variables, outputs := o.ends(r)
	inputs = append(inputs, variables...)
	program := o.write(part{inputs: inputs, outputs: outputs, steps: operators(r.from, r.to)})
	return &customOp{inputs: inputs, outputs: outputs, options: c.options(o, inputs, outputs, program)}
}

// longestRun returns the longest range of operators that an Edge TPU could take, the
// first one among equals. Operators stand in the order of their execution, so a range
// of them never needs a result that is made later.
func (o *original) longestRun() (longest run) {
	for from := 0; from < len(o.Operators); from++ {
		to := from
		for to < len(o.Operators) && o.mappable(o.Operators[to]) {
			to++
		}
		if to-from > longest.to-longest.from {
			longest = run{from, to}
		}
		from = to
	}
	return longest
}

func (o *original) mappable(op model.Operator) bool {
	switch op.BuiltinCode {
	case schema.OpCall, schema.OpCustom, schema.OpIf, schema.OpWhile, schema.OpCallOnce:
		return false
	}
	read := slices.ContainsFunc(op.Inputs, func(t int) bool { return t >= 0 && !o.mappableTensor(&o.Tensors[t]) })
	written := slices.ContainsFunc(op.Outputs, func(t int) bool { return !o.mappableTensor(&o.Tensors[t]) })
	return !read && !written
}

func (o *original) mappableTensor(t *model.Tensor) bool {
	size, ok := t.ByteSize()
	switch {
	case t.IsConstant(), ok && size == 0:
		return true
	case !ok, slices.Contains(t.ShapeSignature, -1), len(t.Shape) == 0:
		return false
	case t.IsVariable:
		return t.Type == model.Int8 || t.Type == model.Int16 || t.Type == model.Uint8
	}
	return (t.Type == model.Int8 || t.Type == model.Uint8) && t.Quantization.Quantized()
}

// divide returns n ranges that make up r, of about the same length; none if n is not
// between 1 and the number of operators.
func (r run) divide(n int) []run {
	length := r.to - r.from
	if n < 1 || n > length {
		return nil
	}
	ranges := make([]run, n)
	for i := range ranges {
		ranges[i] = run{r.from + i*length/n, r.from + (i+1)*length/n}
	}
	return ranges
}
