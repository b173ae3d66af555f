package bench_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/bench"
	"github.com/gocoral/coral/tflite"
)

// layers are the ways to run a model with one input and one output, each on content
// of the caller's into memory of the caller's as far as the way allows.
var layers = []struct {
	name string
	run  func(b *testing.B, s *coral.Session, content []uint8)
}{
	{"Interpreter", func(b *testing.B, s *coral.Session, content []uint8) {
		// Do lends the session's own interpreter, here for the whole benchmark.
		require.NoError(b, s.Do(context.Background(), func(i *tflite.Interpreter) error {
			out := make([]uint8, s.Outputs()[0].ByteSize)
			for b.Loop() {
				if err := setInvokeRead(i, content, out); err != nil {
					return err
				}
			}
			return nil
		}))
	}},
	{"Do", func(b *testing.B, s *coral.Session, content []uint8) {
		out := make([]uint8, s.Outputs()[0].ByteSize)
		ctx := context.Background()
		for b.Loop() {
			err := s.Do(ctx, func(i *tflite.Interpreter) error { return setInvokeRead(i, content, out) })
			if err != nil {
				b.Fatal(err)
			}
		}
	}},
	{"Run", func(b *testing.B, s *coral.Session, content []uint8) {
		benchmarkRun(context.Background(), b, s, content)
	}},
	{"RunWithCancel", func(b *testing.B, s *coral.Session, content []uint8) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		benchmarkRun(ctx, b, s, content)
	}},
}

func setInvokeRead(i *tflite.Interpreter, content, out []uint8) error {
	in, err := i.Input(0)
	if err != nil {
		return err
	}
	if err := tflite.Set(in, content); err != nil {
		return err
	}
	if err := i.Invoke(context.Background()); err != nil {
		return err
	}
	t, err := i.Output(0)
	if err != nil {
		return err
	}
	return tflite.Read(t, out)
}

func benchmarkRun(ctx context.Context, b *testing.B, s *coral.Session, content []uint8) {
	b.Helper()
	for b.Loop() {
		if _, err := s.Run(ctx, content); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLayers shows what each layer costs in time and memory. On the identity
// there is nothing else to see; on MobileNet it disappears.
func BenchmarkLayers(b *testing.B) {
	for _, m := range []struct{ name, path string }{
		{"identity", "../tflite/testdata/types/uint8.tflite"},
		{"mobilenet", "../third_party/models/mobilenet_quant_v1_224.tflite"},
	} {
		b.Run(m.name, func(b *testing.B) {
			if _, err := os.Stat(m.path); err != nil {
				b.Skipf("%v: run make models", err)
			}
			s, err := coral.Open(m.path, coral.WithPolicy(coral.CPUOnly))
			require.NoError(b, err)
			defer s.Close()
			content, err := bench.Random(s.Inputs()[0], 1)
			require.NoError(b, err)
			for _, layer := range layers {
				b.Run(layer.name, func(b *testing.B) {
					b.ReportAllocs()
					layer.run(b, s, content.([]uint8))
				})
			}
		})
	}
}
