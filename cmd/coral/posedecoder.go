package main

import (
	"cmp"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/model"
)

// poseDecoder is the last operator of Coral's PoseNet, which TensorFlow Lite does not have.
// Package vision does its work for a model without it.
const poseDecoder = "PosenetDecoderOp"

// withoutPoseDecoder opens the model without that operator, in both forms if both are
// there; it is nil for another model.
func (m *modelFlags) withoutPoseDecoder() func(a *app, opts ...coral.Option) (*coral.Session, error) {
	file := withoutLast(m.path)
	if file == nil {
		return nil
	}
	other := withoutLast(cmp.Or(m.twin, model.TwinPath(m.path)))
	return func(a *app, opts ...coral.Option) (*coral.Session, error) {
		if other != nil {
			opts = append(opts, coral.WithTwin(""), coral.WithTwinBytes(other))
		}
		return m.openBytes(file, a, opts...)
	}
}

// withoutLast is the file's model without that operator, nil if there is none.
func withoutLast(path string) []byte {
	m, err := model.ReadFile(path)
	if err != nil {
		return nil
	}
	without, err := m.WithoutLast(poseDecoder)
	if err != nil {
		return nil
	}
	return without
}
