package tflite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gocoral/coral/internal/capi"
)

// graph is what the runtime can allocate and run: the primary graph or a signature's.
type graph interface {
	count(side) int
	name(side, int) string
	tensor(side, int) capi.Tensor
	resize(k int, shape []int) capi.Status
	allocate() capi.Status
	invoke() capi.Status
	cancel()
}

type primary struct{ c capi.Interpreter }

func (p primary) count(sd side) int {
	if sd == output {
		return capi.OutputCount(p.c)
	}
	return capi.InputCount(p.c)
}

func (p primary) tensor(sd side, k int) capi.Tensor {
	if sd == output {
		return capi.OutputTensor(p.c, k)
	}
	return capi.InputTensor(p.c, k)
}

func (p primary) name(sd side, k int) string { return capi.TensorInfo(p.tensor(sd, k)).Name }

func (p primary) resize(k int, shape []int) capi.Status { return capi.InterpreterResize(p.c, k, shape) }
func (p primary) allocate() capi.Status                 { return capi.InterpreterAllocate(p.c) }
func (p primary) invoke() capi.Status                   { return capi.InterpreterInvoke(p.c) }
func (p primary) cancel()                               { capi.InterpreterCancel(p.c) }

// signatureGraph is a runner with the names that a Signature has settled.
type signatureGraph struct {
	runner capi.Runner
	s      *Signature
}

func (g signatureGraph) count(sd side) int          { return len(g.s.names(sd)) }
func (g signatureGraph) name(sd side, k int) string { return g.s.names(sd)[k] }
func (g signatureGraph) allocate() capi.Status      { return capi.RunnerAllocate(g.runner) }
func (g signatureGraph) invoke() capi.Status        { return capi.RunnerInvoke(g.runner) }
func (g signatureGraph) cancel()                    { capi.RunnerCancel(g.runner) }
func (g signatureGraph) tensor(sd side, k int) capi.Tensor {
	return capi.RunnerTensor(g.runner, bool(sd), g.name(sd, k))
}

func (g signatureGraph) resize(k int, shape []int) capi.Status {
	return capi.RunnerResize(g.runner, g.name(input, k), shape)
}

func (i *Interpreter) primary() graph { return primary{i.res.interpreter} }

// graph is the primary graph for nil.
func (i *Interpreter) graph(s *Signature) graph {
	if s == nil {
		return i.primary()
	}
	return signatureGraph{s.runner, s}
}

// signatureGraph makes a runner of s in these resources.
func (r *resources) signatureGraph(op string, s *Signature) (signatureGraph, error) {
	runner := capi.RunnerCreate(r.interpreter, s.key)
	if runner == nil {
		return signatureGraph{}, failed(op, capi.Error, r.reporter, nil)
	}
	r.runners = append(r.runners, runner)
	return signatureGraph{runner, s}, nil
}

// copyShapes resizes the inputs of dst to those of src, another interpreter's form of
// the same graph.
func copyShapes(op string, dst, src graph, r capi.Reporter) error {
	for k := range src.count(input) {
		shape := capi.TensorInfo(src.tensor(input, k)).Shape
		if slices.Equal(shape, capi.TensorInfo(dst.tensor(input, k)).Shape) {
			continue
		}
		if s := dst.resize(k, shape); s != capi.OK {
			return failed(op, s, r, nil)
		}
	}
	return nil
}

// copyContent copies what inputs and outputs of src hold to the same graph of another
// interpreter. An output that the runtime allocates while it runs has no place there.
func copyContent(dst, src graph) error {
	for _, sd := range []side{input, output} {
		for k := range src.count(sd) {
			if !capi.CopyContent(dst.tensor(sd, k), src.tensor(sd, k)) && sd == input {
				return fmt.Errorf("%s: %w", tensorLabel(sd, k, src.name(sd, k)), ErrMemory)
			}
		}
	}
	return nil
}

// tensorLabel is how errors name a tensor: input 0 "image".
func tensorLabel(sd side, k int, name string) string { return fmt.Sprintf("%v %d %q", sd, k, name) }

// shapes lists the inputs of g with their shapes.
func shapes(g graph) string {
	var all []string
	for k := range g.count(input) {
		all = append(all, fmt.Sprintf("%s of shape %v", tensorLabel(input, k, g.name(input, k)), capi.TensorInfo(g.tensor(input, k)).Shape))
	}
	return strings.Join(all, ", ")
}
