package edgetputest_test

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// values runs one inference with the inputs given by name, noise for those that are
// not, and adds the outputs.
func values(t testing.TB, b []byte, known map[string]any) {
	t.Helper()
	i := interpreter(t, b)
	random := rand.New(rand.NewPCG(7, 7))
	for k := range i.InputCount() {
		in, err := i.Input(k)
		require.NoError(t, err)
		if v, ok := known[in.Name()]; ok {
			require.NoError(t, in.SetValue(v))
			continue
		}
		require.NoError(t, noise(in, random))
		v, err := in.Value()
		require.NoError(t, err)
		known[in.Name()] = v.Data
	}
	require.NoError(t, i.Invoke(t.Context()))
	for k, v := range outputs(t, i) {
		out, err := i.Output(k)
		require.NoError(t, err)
		if before, ok := known[out.Name()]; ok {
			assert.Equal(t, before, v, "%s passes through", out.Name())
		}
		known[out.Name()] = v
	}
}

// The segments of a split model compute, one after the other, what the whole does.
func TestSplit(t *testing.T) {
	models := map[string]func(testing.TB) []byte{
		"tiny_float": func(t testing.TB) []byte { return load(t, tflitePath("tiny_float")) },
	}
	for name, p := range pairs {
		if name != "Coral's deeplabv3_mnv2_pascal_quant" { // which takes a second each
			models[name] = func(t testing.TB) []byte { return p(t).cpu }
		}
	}
	for name, read := range models {
		t.Run(name, func(t *testing.T) {
			whole := read(t)
			operators := len(parse(t, whole).Subgraphs[0].Operators)
			for _, n := range []int{1, 2, min(3, operators), min(9, operators)} {
				segments, err := edgetputest.Split(whole, n)
				require.NoError(t, err)
				require.Len(t, segments, n)
				checkSplit(t, whole, segments)
			}
		})
	}
}

func checkSplit(t *testing.T, whole []byte, segments [][]byte) {
	t.Helper()
	want, got := map[string]any{}, map[string]any{}
	values(t, whole, want)
	known := map[string]bool{}
	for _, in := range parse(t, whole).Inputs() {
		known[in.Name] = true
		got[in.Name] = want[in.Name]
	}
	count := 0
	for k, b := range segments {
		m := parse(t, b)
		count += len(m.Subgraphs[0].Operators)
		for _, in := range m.Inputs() {
			require.True(t, known[in.Name], "segment %d reads %q, which nobody made", k, in.Name)
		}
		for _, out := range m.Outputs() {
			known[out.Name] = true
		}
		values(t, b, got)
	}
	assert.Equal(t, len(parse(t, whole).Subgraphs[0].Operators), count)
	assert.Equal(t, names(parse(t, whole).Outputs()), names(parse(t, segments[len(segments)-1]).Outputs()))
	for name := range want {
		assert.Equal(t, want[name], got[name], name)
	}
}

func names(tensors []model.Tensor) (names []string) {
	for _, t := range tensors {
		names = append(names, t.Name)
	}
	return names
}

// Compiled segments on two devices are a pipeline.
func TestSplitThenCompile(t *testing.T) {
	edgetputest.New(t, edgetputest.PCIe(0), edgetputest.PCIe(1))
	segments, err := edgetputest.Split(tiny(t), 2)
	require.NoError(t, err)
	first := interpreter(t, compile(t, segments[0]), mustOpen(t, "/dev/apex_0"))
	second := interpreter(t, compile(t, segments[1]), mustOpen(t, "/dev/apex_1"))
	between := infer(t, first, 5)
	in, err := second.Input(0)
	require.NoError(t, err)
	require.NoError(t, in.SetValue(between[0]))
	require.NoError(t, second.Invoke(t.Context()))
	assert.Equal(t, infer(t, interpreter(t, tiny(t)), 5), outputs(t, second))
}

// Any tensor of a model can be the end of a cut, and its content is the one it has in
// the whole.
func TestCutAnywhere(t *testing.T) {
	whole := tiny(t)
	m := parse(t, whole)
	s := m.Subgraphs[0]
	for _, op := range s.Operators {
		in, out := s.Tensors[op.Inputs[0]], s.Tensors[op.Outputs[0]]
		head, err := edgetputest.Cut(whole, m.Inputs(), []model.Tensor{in, out})
		require.NoError(t, err)
		single, err := edgetputest.Cut(whole, []model.Tensor{in}, []model.Tensor{out})
		require.NoError(t, err)
		assert.Equal(t, op.Name, opNames(parse(t, single)))
		known := map[string]any{}
		values(t, head, known)
		want := known[out.Name]
		delete(known, out.Name)
		values(t, single, known)
		assert.Equal(t, want, known[out.Name])
	}
}

func TestCutKeepsVariablesInside(t *testing.T) {
	whole := load(t, tflitePath("stateful"))
	m := parse(t, whole)
	cut, err := edgetputest.Cut(whole, m.Inputs(), m.Outputs())
	require.NoError(t, err)
	requireSame(t, interpreter(t, whole), interpreter(t, cut))
	require.True(t, parse(t, cut).HasVariables())
}

// A segment without the stateful operator is not stateful.
func TestSplitVariables(t *testing.T) {
	for _, name := range []string{"stateful", "Coral's keras_lstm_mnist_ptq"} {
		t.Run(name, func(t *testing.T) {
			whole := pairs[name](t).cpu
			segments, err := edgetputest.Split(whole, len(parse(t, whole).Subgraphs[0].Operators))
			require.NoError(t, err)
			stateful := 0
			for _, b := range segments {
				if parse(t, b).HasVariables() {
					stateful++
				}
			}
			assert.Equal(t, 1, stateful)
		})
	}
}

func TestCutErrors(t *testing.T) {
	whole := tiny(t)
	m := parse(t, whole)
	other := m.Inputs()[0]
	other.Quantization.Scales = []float32{1}
	tests := map[string]struct {
		in, out []model.Tensor
		mention string
	}{
		"no such tensor":     {m.Inputs(), []model.Tensor{{Name: "nothing"}}, `no tensor "nothing"`},
		"other quantisation": {[]model.Tensor{other}, m.Outputs(), "no tensor"},
		"missing input":      {nil, m.Outputs(), "not among the inputs"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := edgetputest.Cut(whole, test.in, test.out)
			require.ErrorIs(t, err, edgetputest.ErrTwinMismatch)
			assert.ErrorContains(t, err, test.mention)
		})
	}
	_, err := edgetputest.Cut([]byte("no model"), nil, nil)
	require.ErrorIs(t, err, edgetputest.ErrBadModel)
	alike := load(t, tflitePath("duplicate_names"))
	a := parse(t, alike)
	_, err = edgetputest.Cut(alike, a.Inputs(), a.Outputs())
	require.ErrorIs(t, err, edgetputest.ErrTwinMismatch)
	assert.ErrorContains(t, err, `two tensors "x" are alike`)
}

func TestSplitErrors(t *testing.T) {
	tests := map[string]struct {
		model string
		n     int
		err   error
	}{
		"none":            {"tiny_int8", 0, edgetputest.ErrRange},
		"negative":        {"tiny_int8", -1, edgetputest.ErrRange},
		"more than there": {"tiny_int8", 5, edgetputest.ErrRange},
		"resources":       {"counter", 2, edgetputest.ErrUnsupported},
		"no operators":    {"types/int8", 1, edgetputest.ErrRange},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := edgetputest.Split(load(t, tflitePath(test.model)), test.n)
			require.ErrorIs(t, err, test.err)
		})
	}
	_, err := edgetputest.Split(nil, 2)
	require.ErrorIs(t, err, edgetputest.ErrBadModel)
}

func TestCompileErrors(t *testing.T) {
	for _, name := range []string{"tiny_float", "tiny_int16x8", "types/int8", "while", "string_gather", "custom_op", "pair_edgetpu"} {
		t.Run(name, func(t *testing.T) {
			_, err := edgetputest.Compile(load(t, tflitePath(name)))
			require.ErrorIs(t, err, edgetputest.ErrUnsupported)
		})
	}
	for name, opt := range map[string]edgetputest.CompileOption{
		"more operators than there are": edgetputest.CustomOps(5),
		"no operators":                  edgetputest.CustomOps(0),
		"fewer than none":               edgetputest.First(-1),
		"no runtime":                    edgetputest.MinRuntimeVersion(0),
		"a runtime of the future":       edgetputest.MinRuntimeVersion(1001),
	} {
		_, err := edgetputest.Compile(tiny(t), nil, opt)
		require.ErrorIs(t, err, edgetputest.ErrRange, name)
	}
	_, err := edgetputest.Compile(tiny(t)[:100])
	require.ErrorIs(t, err, edgetputest.ErrBadModel)
}

// Every model of tflite's tests either is refused with a reason or becomes one that
// the runtime loads and that computes the same.
func TestCompileWhatThereIs(t *testing.T) {
	edgetputest.New(t, edgetputest.PCIe(0))
	files, err := filepath.Glob(tflitePath("*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	d := mustOpen(t, pci)
	compiled := 0
	for _, file := range files {
		b := load(t, file)
		tpu, err := edgetputest.Compile(b)
		if err != nil {
			assert.Condition(t, func() bool {
				return errors.Is(err, edgetputest.ErrUnsupported) || errors.Is(err, edgetputest.ErrBadModel)
			}, "%s: %v", file, err)
			continue
		}
		cpu, err := newInterpreter(b)
		if errors.Is(err, tflite.ErrUnsupported) {
			continue // this runtime computes an operator of it wrongly, and refuses it
		}
		require.NoError(t, err, file)
		t.Cleanup(func() { cpu.Close() })
		compiled++
		requireSame(t, cpu, interpreter(t, tpu, d))
	}
	assert.GreaterOrEqual(t, compiled, 2)
}

// FuzzCompile: whatever the bytes, there is no panic, and what is made is a model.
func FuzzCompile(f *testing.F) {
	for _, name := range []string{"tiny_int8", "tiny_uint8", "lstm", "counter", "while", "duplicate_names", "readonly_output"} {
		f.Add(load(f, tflitePath(name)), 2)
	}
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		if tpu, err := edgetputest.Compile(b, edgetputest.CustomOps(n), edgetputest.First(n)); err == nil {
			m := parse(t, tpu)
			require.True(t, m.IsEdgeTPU())
			_, err := m.EdgeTPU()
			require.NoError(t, err)
		}
		segments, err := edgetputest.Split(b, n%16)
		if err != nil {
			return
		}
		for _, s := range segments {
			parse(t, s)
		}
	})
}
