package tflite

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gocoral/coral/model"
)

// facts is what an interpreter has to know of a model and the runtime does not tell.
type facts struct {
	limits model.Limits
	// inputs are the shapes of the primary graph's inputs with -1 for an open dimension.
	inputs [][]int
	// last is the input or output of the primary graph with the highest number.
	last struct {
		side   side
		index  int
		number int
	}
	// openSize: some graph has an input with an open dimension.
	openSize bool
	// resourceVariables: there is state that the runtime cannot reset.
	resourceVariables bool
	// perChannelDense are the operators that some runtimes compute wrongly.
	perChannelDense []denseOperator
}

// Numbers of operators in the schema.
const (
	opFullyConnected = 9
	opVarHandle      = 142
)

func newFacts(m *model.Model, limits model.Limits) facts {
	f := facts{limits: limits}
	f.findLast(&m.Subgraphs[0])
	for g := range m.Subgraphs {
		s := &m.Subgraphs[g]
		for _, t := range s.Inputs {
			shape := slices.Clone(s.Tensors[t].ShapeSignature)
			f.openSize = f.openSize || slices.Contains(shape, -1)
			if g == 0 {
				f.inputs = append(f.inputs, shape)
			}
		}
		for k := range s.Operators {
			switch op := &s.Operators[k]; op.BuiltinCode {
			case opVarHandle:
				f.resourceVariables = true
			case opFullyConnected:
				f.addDense(s, k, op)
			}
		}
	}
	return f
}

func (f *facts) findLast(s *model.Subgraph) {
	for sd, numbers := range map[side][]int{input: s.Inputs, output: s.Outputs} {
		for k, n := range numbers {
			if n >= f.last.number {
				f.last.side, f.last.index, f.last.number = sd, k, n
			}
		}
	}
}

// denseOperator is a FULLY_CONNECTED whose weights have a scale per channel.
type denseOperator struct {
	index   int
	weights string
	hybrid  bool // on float32
}

func (f *facts) addDense(s *model.Subgraph, k int, op *model.Operator) {
	if len(op.Inputs) < 2 || op.Inputs[0] < 0 || op.Inputs[1] < 0 {
		return
	}
	if w := &s.Tensors[op.Inputs[1]]; w.Quantization.PerChannel() {
		f.perChannelDense = append(f.perChannelDense, denseOperator{
			index: k, weights: strings.Clone(w.Name), hybrid: s.Tensors[op.Inputs[0]].Type == model.Float32,
		})
	}
}

// The oldest runtimes 2.x that were seen to compute dense layers with a scale per
// channel: on integers, 2.9.0 gives zeros and 2.12.0 is right; on float32 (dynamic-range
// quantisation), 2.14.0 ignores the scales and 2.17.1 is right.
const (
	perChannelDenseSince       = 12
	perChannelDenseHybridSince = 17
)

// computedRightly refuses a model that the runtime would compute wrongly without a word.
func (f *facts) computedRightly(version string) error {
	minor, ok := minorOf(version)
	if !ok {
		return nil
	}
	for _, d := range f.perChannelDense {
		since := perChannelDenseSince
		if d.hybrid {
			since = perChannelDenseHybridSince
		}
		if minor < since {
			return fmt.Errorf("operator %d (FULLY_CONNECTED) has weights %q with a scale per channel, which TensorFlow Lite %s computes wrongly: "+
				"convert with converter._experimental_disable_per_channel_quantization_for_dense_layers = True, or take runtime 2.%d or newer: %w",
				d.index, d.weights, version, since, ErrUnsupported)
		}
	}
	return nil
}

// minorOf is 17 for 2.17.1.
func minorOf(version string) (int, bool) {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 || parts[0] != "2" {
		return 0, false
	}
	minor, err := strconv.Atoi(parts[1])
	return minor, err == nil
}
