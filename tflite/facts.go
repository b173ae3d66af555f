package tflite

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gocoral/coral/internal/schema"
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
	// perChannel are operators that some runtimes compute wrongly.
	perChannel []perChannelOperator
}

func newFacts(m *model.Model, limits model.Limits) facts {
	limits.TensorBytes = cmp.Or(limits.TensorBytes, model.DefaultLimits.TensorBytes)
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
			f.resourceVariables = f.resourceVariables || s.Operators[k].BuiltinCode == schema.OpVarHandle
			f.addPerChannel(s, k)
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

// perChannelOperator is an operator whose weights have a scale per channel.
type perChannelOperator struct {
	index   int
	name    string
	weights string
	rule    perChannelRule
}

// perChannelRule tells from which minor version on the runtimes compute such an operator
// rightly. Older ones take the scales for zero, or ignore them, without a word.
type perChannelRule struct {
	float   bool // the rule is for float32 (dynamic-range quantisation), else for integers
	builtIn int  // by the built-in kernels
	xnnpack int  // with XNNPACK attached
	instead string
}

// never is the minor version from which on nothing is right.
const never = math.MaxInt

const denseSwitch = "converter._experimental_disable_per_channel_quantization_for_dense_layers = True"

// perChannelRules has what was seen to be wrong in 2.9.0, 2.12.0, 2.14.0 or 2.17.1, and
// the first of 2.12.0, 2.17.1 and 2.20.0 that was seen to be right. Convolutions have
// always been right. Dense layers on real numbers are right in the built-in kernels of
// 2.17.1 on amd64, and wrong in those of 2.17.1 on ARMv7 and of 2.20.0 on amd64 (-904 for 90), so that
// they are trusted nowhere.
var perChannelRules = map[int][]perChannelRule{
	schema.OpFullyConnected: {
		{float: false, builtIn: 12, xnnpack: 12, instead: denseSwitch},
		{float: true, builtIn: never, xnnpack: 17, instead: denseSwitch},
	},
	schema.OpBatchMatMul:     {{float: true, builtIn: 20, xnnpack: 17, instead: "a scale per tensor"}},
	schema.OpEmbeddingLookup: {{float: true, builtIn: 20, xnnpack: 20, instead: "a scale per tensor"}},
}

// addPerChannel notes operator k of s if there is a rule for it.
func (f *facts) addPerChannel(s *model.Subgraph, k int) {
	op := &s.Operators[k]
	if len(op.Inputs) < 2 || len(op.Outputs) < 1 || op.Inputs[1] < 0 || op.Outputs[0] < 0 {
		return
	}
	weights, y := &s.Tensors[op.Inputs[1]], &s.Tensors[op.Outputs[0]]
	if !weights.Quantization.PerChannel() {
		return
	}
	for _, rule := range perChannelRules[op.BuiltinCode] {
		if rule.float == (y.Type == model.Float32) {
			f.perChannel = append(f.perChannel, perChannelOperator{k, op.Name, strings.Clone(weights.Name), rule})
		}
	}
}

// computedRightly refuses a model that the runtime would compute wrongly without a word.
func (f *facts) computedRightly(version string, xnnpack bool) error {
	minor, ok := minorOf(version)
	if !ok {
		return nil
	}
	for _, op := range f.perChannel {
		since := op.rule.builtIn
		if xnnpack {
			since = op.rule.xnnpack
		}
		if minor < since {
			return fmt.Errorf("operator %d (%s) has weights %q with a scale per channel, which TensorFlow Lite %s computes wrongly: convert with %s, or %s: %w",
				op.index, op.name, op.weights, version, op.rule.instead, op.rule.remedy(minor, since), ErrUnsupported)
		}
	}
	return nil
}

// remedy is what else than another model helps where a version is wrong that should be since.
func (r perChannelRule) remedy(minor, since int) string {
	switch {
	case since != never:
		return fmt.Sprintf("take runtime 2.%d or newer", since)
	case minor >= r.xnnpack:
		return "run it with XNNPACK, on a runtime that has it"
	}
	return fmt.Sprintf("take runtime 2.%d or newer, with XNNPACK", r.xnnpack)
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
