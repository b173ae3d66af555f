package coral

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"

	"github.com/gocoral/coral/model"
)

// file is a model that was read and understood.
type file struct {
	path   string // "" for one that was given as bytes
	bytes  []byte
	parsed *model.Model
}

// name is for messages.
func (f *file) name() string { return cmp.Or(f.path, "the model") }

// pair is a model in up to two forms; at least one is there.
type pair struct {
	cpu *file
	tpu *file // compiled for the Edge TPU
	// missing is the path of the twin that was looked for, and is not there.
	missing string
}

// loadPair reads the model at path and, if there is one, its twin.
func loadPair(path string, c *config) (*pair, error) {
	given, err := load(path, c)
	if err != nil {
		return nil, hint(path, c.fsys, err)
	}
	return newPair(given, c)
}

// parsePair is loadPair for a model in memory.
func parsePair(data []byte, c *config) (*pair, error) {
	given, err := parse("", bytes.Clone(data), c)
	if err != nil {
		return nil, err
	}
	return newPair(given, c)
}

func newPair(given *file, c *config) (*pair, error) {
	p := &pair{}
	p.put(given)
	other, err := p.loadTwin(given, c)
	if err != nil || other == nil {
		return p, err
	}
	if other.compiled() == given.compiled() {
		return nil, fmt.Errorf("%s and %s are both %s, a twin must be the other form: %w", given.name(), other.name(), given.form(), ErrTwinMismatch)
	}
	p.put(other)
	if err := model.SameInterface(p.cpu.parsed, p.tpu.parsed); err != nil {
		return nil, fmt.Errorf("%s and %s: %w", p.cpu.name(), p.tpu.name(), err)
	}
	return p, nil
}

// hint points out the other form of a model that is not there.
func hint(path string, fsys fs.FS, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if twin := model.TwinPath(path); twin != "" {
		if _, e := read(twin, fsys); e == nil {
			return fmt.Errorf("%w; %s is there: open that", err, twin)
		}
	}
	return err
}

// loadTwin returns nil when no twin was named and none is beside the model. That
// of a CPU model is left alone when nothing can make use of it.
func (p *pair) loadTwin(given *file, c *config) (*file, error) {
	if c.policy == CPUOnly && !given.compiled() {
		return nil, nil
	}
	switch {
	case c.twinBytes != nil:
		return parse("", bytes.Clone(c.twinBytes), c)
	case c.twin != "":
		return load(c.twin, c)
	}
	path := twinBeside(given)
	if path == "" {
		return nil, nil
	}
	f, err := load(path, c)
	if errors.Is(err, fs.ErrNotExist) {
		p.missing = path
		return nil, nil
	}
	return f, err
}

// twinBeside is the path of the model's other form, "" where the name does not tell: that
// of a compiled model does not always say that it is one.
func twinBeside(f *file) string {
	if f.path == "" || f.compiled() != model.IsTwinPath(f.path) {
		return ""
	}
	return model.TwinPath(f.path)
}

func load(path string, c *config) (*file, error) {
	m, err := read(path, c.fsys)
	if err != nil {
		return nil, err
	}
	return verified(path, m, c)
}

func read(path string, fsys fs.FS) (*model.Model, error) {
	if fsys != nil {
		return model.ReadFS(fsys, path)
	}
	return model.ReadFile(path)
}

func parse(path string, b []byte, c *config) (*file, error) {
	m, err := model.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", (&file{path: path}).name(), err)
	}
	return verified(path, m, c)
}

func verified(path string, m *model.Model, c *config) (*file, error) {
	f := &file{path: path, bytes: m.Bytes(), parsed: m}
	if err := m.VerifyWithin(c.limits); err != nil {
		return nil, fmt.Errorf("%s: %w", f.name(), err)
	}
	for _, warning := range m.Warnings {
		c.logger.Warn("part of a model cannot be used", "model", f.name(), "reason", warning)
	}
	return f, nil
}

func (p *pair) put(f *file) {
	if f.compiled() {
		p.tpu = f
	} else {
		p.cpu = f
	}
}

// names returns the model that knows the names of inputs and outputs: compiled
// models lose their signatures.
func (p *pair) names() *model.Model {
	if p.cpu != nil {
		return p.cpu.parsed
	}
	return p.tpu.parsed
}

// compiled reports whether the model needs an Edge TPU.
func (f *file) compiled() bool { return f.parsed.IsEdgeTPU() }

func (f *file) form() string {
	if f.compiled() {
		return "Edge TPU models"
	}
	return "CPU models"
}

// portNames returns the names by which a caller knows the inputs or outputs: those
// of the signature over the primary graph, if there is exactly one, else those of
// the tensors.
func portNames(m *model.Model, output bool) []string {
	tensors, of := m.Inputs(), func(s model.Signature) []model.SignatureTensor { return s.Inputs }
	if output {
		tensors, of = m.Outputs(), func(s model.Signature) []model.SignatureTensor { return s.Outputs }
	}
	byIndex := make(map[int]string)
	for _, s := range primarySignatures(m) {
		for _, t := range of(s) {
			byIndex[t.Tensor] = t.Name
		}
	}
	names := make([]string, len(tensors))
	for k, t := range tensors {
		names[k] = t.Name
		if name, ok := byIndex[t.Index]; ok {
			names[k] = name
		}
	}
	return names
}

// primarySignatures is empty when names would be ambiguous.
func primarySignatures(m *model.Model) []model.Signature {
	var found []model.Signature
	for _, s := range m.Signatures {
		if s.Subgraph == 0 {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found
}
