package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
)

// inputShapes are the values of --input-shape, for inputs whose size a model leaves open.
type inputShapes []inputShape

type inputShape struct {
	input string // name or number
	shape []int
}

const inputShapeFlag = "input-shape"

func (s *inputShapes) define(c *cobra.Command) {
	c.Flags().Var(s, inputShapeFlag, "shape of an input that the model leaves open, `[NAME=]SHAPE` as in 1,224,224,3; once for each (default NAME: the first)")
}

// Set takes NAME=SHAPE, or SHAPE for the first input.
func (s *inputShapes) Set(text string) error {
	input, dims := "0", text
	if k := strings.LastIndex(text, "="); k >= 0 {
		input, dims = text[:k], text[k+1:]
	}
	shape, err := parseShape(dims)
	if err != nil {
		return err
	}
	*s = append(*s, inputShape{input, shape})
	return nil
}

func (s *inputShapes) String() string {
	all := make([]string, len(*s))
	for k, i := range *s {
		all[k] = i.input + "=" + shapeText(i.shape)
	}
	return strings.Join(all, " ")
}

// Type is for the help text.
func (s *inputShapes) Type() string { return "SHAPE" }

// parseShape takes all dimensions, with commas or x between them.
func parseShape(text string) ([]int, error) {
	var shape []int
	for word := range strings.SplitSeq(strings.ReplaceAll(text, "x", ","), ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if errors.Is(err, strconv.ErrRange) || err == nil && n > math.MaxInt32 {
			return nil, fmt.Errorf("dimension %s is too large, the limit is %d", word, math.MaxInt32)
		}
		if err != nil || n < 1 {
			return nil, fmt.Errorf("give all dimensions, such as 1,224,224,3")
		}
		shape = append(shape, n)
	}
	return shape, nil
}

// apply gives the ports their shapes, and returns those by number.
func (s inputShapes) apply(ports []port) (map[int][]int, error) {
	shapes := make(map[int][]int)
	for _, i := range s {
		k, err := find(ports, i.input)
		if err != nil {
			return nil, err
		}
		if !fits(i.shape, ports[k].Tensor) {
			return nil, fmt.Errorf("input %q takes %s, not the %s of --%s", ports[k].name(k), shapeText(openShape(ports[k].Tensor)), shapeText(i.shape), inputShapeFlag)
		}
		shapes[k] = slices.Clone(i.shape)
		ports[k].Shape, ports[k].ShapeSignature = shapes[k], nil
	}
	return shapes, nil
}

// options are for a command that reads no inputs.
func (s inputShapes) options(m *modelFlags) (opts []coral.Option, err error) {
	if len(s) == 0 {
		return nil, nil
	}
	ports, err := m.readPorts()
	if err != nil {
		return nil, err
	}
	shapes, err := s.apply(ports)
	for k, shape := range shapes {
		opts = append(opts, coral.WithInputShape(k, shape...))
	}
	return opts, err
}
