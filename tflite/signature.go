package tflite

import (
	"context"
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

	shaped    map[int]bool // inputs whose shape was set
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
	return i.signatureKeys(), nil
}

// signatureKeys leaves out the signatures that do not fit the model: the runtime would
// look for their tensors wherever they say.
func (i *Interpreter) signatureKeys() []string {
	return slices.DeleteFunc(capi.SignatureKeys(i.res.interpreter), func(key string) bool {
		return i.res.model.unusable[key] != nil
	})
}

// Signature returns the signature with the given key. Asking twice gives the same
// one. An unknown key gives [ErrNotFound] with the keys there are, a runtime without
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
	if err := i.res.model.unusable[key]; err != nil {
		return nil, failf(op, "%w: signature %q cannot be used: %w", ErrNotFound, key, err)
	}
	keys := i.signatureKeys()
	if !slices.Contains(keys, key) {
		return nil, failf(op, "no signature is called %q, there is %s: %w", key, orNone(keys), ErrNotFound)
	}
	s := &Signature{owner: i, key: key, shaped: map[int]bool{}}
	g, err := i.res.signatureGraph(op, s)
	if err != nil {
		return nil, err
	}
	s.runner = g.runner
	s.inputNames, s.outputNames = capi.RunnerNames(s.runner, false), capi.RunnerNames(s.runner, true)
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
func (s *Signature) Key() string {
	if s == nil {
		return ""
	}
	return s.key
}

// InputNames returns the names of the inputs, in the runtime's order.
func (s *Signature) InputNames() []string { return slices.Clone(s.names(input)) }

// OutputNames returns the names of the outputs, in the runtime's order.
func (s *Signature) OutputNames() []string { return slices.Clone(s.names(output)) }

func (s *Signature) names(sd side) []string {
	switch {
	case s == nil:
		return nil
	case sd == output:
		return s.outputNames
	}
	return s.inputNames
}

// Input returns the input of that name, [ErrNotFound] where there is none. The handle is
// good until the next Resize or Close of the interpreter or any of its signatures. A
// tensor that the primary graph or another signature has too is the same memory.
func (s *Signature) Input(name string) (*Tensor, error) { return s.tensor("input", name, input) }

// Output returns the output of that name, as Input does.
func (s *Signature) Output(name string) (*Tensor, error) { return s.tensor("output", name, output) }

func (s *Signature) tensor(op, name string, sd side) (*Tensor, error) {
	if err := s.acquire(op); err != nil {
		return nil, err
	}
	defer s.owner.release()
	k, err := s.index(op, sd, name)
	if err != nil {
		return nil, err
	}
	if err := s.allocate(op); err != nil {
		return nil, err
	}
	if sd == output {
		return s.outputs[k], nil
	}
	return s.inputs[k], nil
}

func (s *Signature) index(op string, sd side, name string) (int, error) {
	k := slices.Index(s.names(sd), name)
	if k < 0 {
		return k, failf(op, "signature %q has no %v called %q, there is %s: %w", s.key, sd, name, orNone(s.names(sd)), ErrNotFound)
	}
	return k, nil
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
	return s.owner.finish(ctx, op, s.owner.run(ctx, s.graph()), s.outputs)
}

func (s *Signature) graph() graph { return s.owner.graph(s) }

func (s *Signature) newTensors(sd side) []*Tensor {
	out := make([]*Tensor, len(s.names(sd)))
	for k := range out {
		out[k] = &Tensor{owner: s.owner, signature: s, side: sd, index: k, generation: s.owner.generation}
		out[k].refresh()
	}
	return out
}
