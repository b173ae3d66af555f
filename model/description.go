package model

import (
	"bytes"
	"slices"
)

// maxDescribed is the size in bytes of the largest constant that a description keeps. A
// scale or an axis takes a few bytes, and weights take megabytes.
const maxDescribed = 64 << 10

// Describe returns a copy of m that needs none of the bytes that m was parsed from: all
// that says what the model is, its metadata and associated files included, but no constant
// and no parameters of a custom operator of more than 64 KiB. It is for who keeps a model's
// description for longer than its weights. Bytes and Inline have nothing to return.
func (m *Model) Describe() *Model {
	if m == nil {
		return nil
	}
	d := *m
	d.outside, d.described = nil, true
	archive, _ := m.archive()
	d.file, _ = pack(archive, 0) // a damaged archive is one that nobody can read either
	d.Subgraphs = slices.Clone(m.Subgraphs)
	for g := range d.Subgraphs {
		s := &d.Subgraphs[g]
		s.Tensors, s.Operators = slices.Clone(s.Tensors), slices.Clone(s.Operators)
		for k := range s.Tensors {
			s.Tensors[k].Data = small(s.Tensors[k].Data)
		}
		for k := range s.Operators {
			s.Operators[k].CustomOptions = small(s.Operators[k].CustomOptions)
		}
	}
	d.Metadata = slices.Clone(m.Metadata)
	for k := range d.Metadata {
		d.Metadata[k].Data = bytes.Clone(d.Metadata[k].Data)
	}
	return &d
}

func small(b []byte) []byte {
	if len(b) > maxDescribed {
		return nil
	}
	return bytes.Clone(b)
}
