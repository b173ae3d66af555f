package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Signature is a named entry point: names for the inputs and outputs of a
// subgraph that stay the same however a converter names its tensors.
type Signature struct {
	// Key is the name of the signature, such as "serving_default".
	Key string
	// Subgraph is the index of the subgraph that it runs.
	Subgraph int
	// Inputs and Outputs in the order of the file.
	Inputs, Outputs []SignatureTensor
}

// SignatureTensor is the name that a signature gives to a tensor.
type SignatureTensor struct {
	Name string
	// Tensor is an index into the Tensors of the signature's subgraph.
	Tensor int
}

// Signature returns the signature of the given key, the first if there are several.
// The error wraps [ErrNotFound]. It says why if the file has such a signature that
// cannot be used.
func (m *Model) Signature(key string) (Signature, error) {
	if m == nil {
		return Signature{}, fmt.Errorf("%w: signature %q of no model", ErrNotFound, key)
	}
	if err := m.UnusableSignatures[key]; err != nil {
		return Signature{}, fmt.Errorf("%w: signature %q cannot be used: %w", ErrNotFound, key, err)
	}
	keys := make([]string, len(m.Signatures))
	for i, sig := range m.Signatures {
		if sig.Key == key {
			return sig, nil
		}
		keys[i] = sig.Key
	}
	return Signature{}, fmt.Errorf("%w: no signature is called %q, there is %s", ErrNotFound, key, cmp.Or(strings.Join(keys, ", "), "none"))
}

// dropSignatures takes away the signatures that do not fit their subgraph, with a
// warning: the graph is as good without them. TensorFlow 2.5 left in signatures the
// numbers of tensors that it had removed.
func (m *Model) dropSignatures() {
	for _, sig := range m.Signatures {
		if err := m.checkSignature(sig); err != nil {
			if m.UnusableSignatures == nil {
				m.UnusableSignatures = make(map[string]error)
			}
			m.UnusableSignatures[sig.Key] = err
			m.Warnings = append(m.Warnings, fmt.Sprintf("signature %q cannot be used: %v", sig.Key, err))
		}
	}
	m.Signatures = slices.DeleteFunc(m.Signatures, func(sig Signature) bool { return m.UnusableSignatures[sig.Key] != nil })
}

// checkSignature demands names for all inputs and outputs of the subgraph: the memory
// of all other tensors is reused while it runs, and the runtimes take as many names
// from a signature as its subgraph has inputs and outputs.
func (m *Model) checkSignature(sig Signature) error {
	if sig.Subgraph >= len(m.Subgraphs) {
		return fmt.Errorf("it runs subgraph %d of %d", sig.Subgraph, len(m.Subgraphs))
	}
	s := &m.Subgraphs[sig.Subgraph]
	if err := checkNames("input", sig.Inputs, s.Inputs); err != nil {
		return fmt.Errorf("%w of subgraph %d", err, sig.Subgraph)
	}
	if err := checkNames("output", sig.Outputs, s.Outputs); err != nil {
		return fmt.Errorf("%w of subgraph %d", err, sig.Subgraph)
	}
	return nil
}

func checkNames(kind string, named []SignatureTensor, tensors []int) error {
	known, names := set(tensors), make(map[string]bool, len(named))
	for _, t := range named {
		if !known[t.Tensor] {
			return fmt.Errorf("%s %q is tensor %d, which is no %s", kind, t.Name, t.Tensor, kind)
		}
		names[t.Name] = true
	}
	if len(names) < len(tensors) {
		return fmt.Errorf("it names %d of the %d %ss", len(names), len(tensors), kind)
	}
	return nil
}

func set(indices []int) map[int]bool {
	s := make(map[int]bool, len(indices))
	for _, i := range indices {
		s[i] = true
	}
	return s
}
