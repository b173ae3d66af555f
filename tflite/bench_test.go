package tflite_test

import (
	"context"
	"testing"

	"github.com/gocoral/coral/tflite"
)

// BenchmarkInvoke is dominated by what this package adds to the C call: the model
// has one operator on eight numbers.
func BenchmarkInvoke(b *testing.B) {
	i := interpreter(b, "no_signature", tflite.WithXNNPACK(tflite.XNNPACKOff))
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if err := i.Invoke(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSetInvokeRead(b *testing.B) {
	i := interpreter(b, "no_signature", tflite.WithXNNPACK(tflite.XNNPACKOff))
	in, out := input(b, i, 0), output(b, i, 0)
	v := make([]float32, 8)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if err := tflite.Set(in, v); err != nil {
			b.Fatal(err)
		}
		if err := i.Invoke(ctx); err != nil {
			b.Fatal(err)
		}
		if err := tflite.Read(out, v); err != nil {
			b.Fatal(err)
		}
	}
}
