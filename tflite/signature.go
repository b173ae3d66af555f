package tflite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gocoral/coral/internal/capi"
	"github.com/gocoral/coral/internal/errs"
)

// Signature is a named entry point of a model, with named inputs and outputs. A
// model may have several, over different graphs that share weights.
//
// It belongs to its interpreter: calls exclude each other as the interpreter's do,
// and it is closed with it.
type Signature struct {
	owner       *Interpreter
	key         string
	runner      capi.Runner
	inputNames  []string
	outputNames []string

	allocated bool
	inputs    []*Tensor
	outputs   []*Tensor
}

// Signatures returns the keys of the model's signatures, in the model's order.
// Runtimes without signatures, 2.9.0 for one, give [ErrUnsupported].
func (i *Interpreter) Signatures() ([]string, error) {
	const op = "signatures"
	if err := i.acquire(op); err != nil {
		return nil, err
	}
	defer i.release()
	if !capi.HasSignatures() {
		return nil, unsupported(op)
	}
	return capi.SignatureKeys(i.res.interpreter), nil
}

// Signature returns the signature with the given key. Asking twice gives the same
// one. An unknown key gives [ErrSize] with the keys there are, a runtime without
// signatures [ErrUnsupported].
func (i *Interpreter) Signature(key string) (*Signature, error) {
	const op = "signature"
	if err := i.acquire(op); err != nil {
		return nil, err
	}
	defer i.release()
	if !capi.HasSignatures() {
		return nil, unsupported(op)
	}
	if s := i.signatures[key]; s != nil {
		return s, nil
	}
	keys := capi.SignatureKeys(i.res.interpreter)
	if !slices.Contains(keys, key) {
		return nil, failf(op, "no signature is called %q, there is %s: %w", key, orNone(keys), ErrSize)
	}
	runner := capi.RunnerCreate(i.res.interpreter, key)
	if runner == nil {
		return nil, failed(op, capi.Error, i.res.reporter, nil)
	}
	i.res.runners = append(i.res.runners, runner)
	s := &Signature{
		owner: i, key: key, runner: runner,
		inputNames:  capi.RunnerNames(runner, false),
		outputNames: capi.RunnerNames(runner, true),
	}
	if i.signatures == nil {
		i.signatures = make(map[string]*Signature)
	}
	i.signatures[key] = s
	return s, nil
}

func unsupported(op string) error {
	return failf(op, "TensorFlow Lite %s: %w", Version(), ErrUnsupported)
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// acquire takes the interpreter.
func (s *Signature) acquire(op string) error {
	if s == nil {
		return failf(op, "signature is nil: %w", ErrClosed)
	}
	return s.owner.acquire(op)
}

// Key is the signature's name, such as "serving_default".
func (s *Signature) Key() string { return s.key }

// InputNames returns the names of the inputs, in the runtime's order.
func (s *Signature) InputNames() []string { return slices.Clone(s.inputNames) }

// OutputNames returns the names of the outputs, in the runtime's order.
func (s *Signature) OutputNames() []string { return slices.Clone(s.outputNames) }

func (s *Signature) names(sd side) []string {
	if sd == output {
		return s.outputNames
	}
	return s.inputNames
}

// Input returns the input of that name. The handle is good until the next Resize
// or Close of the interpreter or any of its signatures.
func (s *Signature) Input(name string) (*Tensor, error) { return s.tensor("input", name, input) }

// Output returns the output of that name, as Input does.
func (s *Signature) Output(name string) (*Tensor, error) { return s.tensor("output", name, output) }

func (s *Signature) tensor(op, name string, sd side) (*Tensor, error) {
	if err := s.acquire(op); err != nil {
		return nil, err
	}
	defer s.owner.release()
	k := slices.Index(s.names(sd), name)
	if k < 0 {
		return nil, failf(op, "signature %q has no %v called %q, there is %s: %w", s.key, sd, name, orNone(s.names(sd)), ErrSize)
	}
	if err := s.allocate(op); err != nil {
		return nil, err
	}
	if sd == output {
		return s.outputs[k], nil
	}
	return s.inputs[k], nil
}

// Resize gives an input a new shape, under the rules of [Interpreter.Resize].
func (s *Signature) Resize(name string, shape ...int) error {
	const op = "resize"
	if err := s.acquire(op); err != nil {
		return err
	}
	defer s.owner.release()
	t := capi.RunnerTensor(s.runner, false, name)
	if !slices.Contains(s.inputNames, name) || t == nil {
		return failf(op, "signature %q has no input called %q, there is %s: %w", s.key, name, orNone(s.inputNames), ErrSize)
	}
	if err := checkShape(shape, capi.TensorInfo(t), typeFromC(capi.TensorView(t).Type), s.owner.maxBytes); err != nil {
		return &Error{Op: op, Err: err}
	}
	s.owner.retire()
	if status := capi.RunnerResize(s.runner, name, shape); status != capi.OK {
		return failed(op, status, s.owner.res.reporter, nil)
	}
	return nil
}

// Invoke runs the signature's graph once, under the rules of [Interpreter.Invoke].
func (s *Signature) Invoke(ctx context.Context) error {
	op := "invoke"
	if err := s.acquire(op); err != nil {
		return err
	}
	defer s.owner.release()
	if err := errs.Ended(ctx); err != nil {
		return &Error{Op: op, Err: err}
	}
	if err := s.allocate(op); err != nil {
		return err
	}
	return s.owner.finish(ctx, op, s.owner.run(ctx, signatureGraph{s.runner}), s.outputs)
}

type signatureGraph struct{ r capi.Runner }

func (g signatureGraph) invoke() capi.Status { return capi.RunnerInvoke(g.r) }
func (g signatureGraph) cancel()             { capi.RunnerCancel(g.r) }

func (s *Signature) allocate(op string) error {
	if s.allocated {
		return nil
	}
	i := s.owner
	if status := capi.RunnerAllocate(s.runner); status != capi.OK {
		return failed(op, status, i.res.reporter, nil)
	}
	s.inputs, s.outputs = s.newTensors(input), s.newTensors(output)
	for _, t := range s.inputs {
		if i.hasInput(t.pointer()) {
			continue // and it may have been set there
		}
		if err := t.prepare(); err != nil {
			return &Error{Op: op, Err: fmt.Errorf("signature %q: %w", s.key, err)}
		}
	}
	capi.ReporterTake(i.res.reporter)
	s.allocated = true
	return nil
}

// hasInput reports whether the tensor is one of the primary graph's allocated inputs.
func (i *Interpreter) hasInput(c capi.Tensor) bool {
	return i.allocated && slices.ContainsFunc(i.inputs, func(t *Tensor) bool { return t.pointer() == c })
}

func (s *Signature) newTensors(sd side) []*Tensor {
	out := make([]*Tensor, len(s.names(sd)))
	for k := range out {
		out[k] = &Tensor{owner: s.owner, signature: s, side: sd, index: k, generation: s.owner.generation}
		out[k].refresh()
	}
	return out
}
