package model_test

import (
	"testing"

	"github.com/gocoral/coral/internal/niltest"
	"github.com/gocoral/coral/model"
)

func TestZeroValues(t *testing.T) {
	niltest.Walk(t, map[string]any{
		"IsTwinPath":    model.IsTwinPath,
		"Parse":         model.Parse,
		"ReadFS":        model.ReadFS,
		"ReadFile":      model.ReadFile,
		"SameInterface": model.SameInterface,
		"TwinPath":      model.TwinPath,
	},
		model.AssociatedFile{}, new(model.EdgeTPU), (*model.EdgeTPU)(nil), model.ExecutableType(0), model.FileType(0),
		new(model.Model), (*model.Model)(nil), model.Operator{}, model.Quantization{}, model.Tensor{}, model.TensorType(0),
	)
}
