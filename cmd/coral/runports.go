package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/gocoral/coral/model"
)

// port is an input with the names that it has in the model's signatures, if any.
type port struct {
	model.Tensor
	signature []string
}

// readPorts reads the inputs from the model file rather than from a session, which
// wants to know the shapes when it is opened. A model compiled for the Edge TPU has
// no signatures any more, and leaves no dimension open.
func (m *modelFlags) readPorts() ([]port, error) {
	file, err := model.ReadFile(m.path)
	if err != nil {
		return nil, err
	}
	if twin := m.cpuTwin(); file.IsEdgeTPU() && twin != "" {
		if file, err = model.ReadFile(twin); err != nil {
			return nil, err
		}
	}
	names := make(map[int][]string)
	for _, s := range file.Signatures {
		for _, t := range s.Inputs {
			if s.Subgraph == 0 {
				names[t.Tensor] = append(names[t.Tensor], t.Name)
			}
		}
	}
	tensors := file.Inputs()
	ports := make([]port, len(tensors))
	for k, t := range tensors {
		ports[k] = port{Tensor: t, signature: names[t.Index]}
	}
	return ports, nil
}

// cpuTwin is "" if there is none, which coral.Open complains about.
func (m *modelFlags) cpuTwin() string {
	if m.twin != "" {
		return m.twin
	}
	if !model.IsTwinPath(m.path) {
		return ""
	}
	twin := model.TwinPath(m.path)
	if _, err := os.Stat(twin); err != nil {
		return ""
	}
	return twin
}

// name is what the user would call the input: by its signature, else its tensor,
// else its number.
func (p port) name(index int) string {
	return cmp.Or(append(slices.Clone(p.signature), p.Name, strconv.Itoa(index))...)
}

// find returns the index of the input that is meant. A signature's names come first,
// for one of them may be the name of another input's tensor.
func find(ports []port, name string) (int, error) {
	for _, is := range []func(k int, p port) bool{
		func(_ int, p port) bool { return slices.Contains(p.signature, name) },
		func(_ int, p port) bool { return p.Name == name },
		func(k int, _ port) bool { return strconv.Itoa(k) == name },
	} {
		var found []int
		for k, p := range ports {
			if is(k, p) {
				found = append(found, k)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return 0, fmt.Errorf("the model has %d inputs called %q: give their numbers, the first is %d", len(found), name, found[0])
		}
	}
	known := make([]string, len(ports))
	for k, p := range ports {
		known[k] = p.name(k)
	}
	return 0, fmt.Errorf("the model has no input %q: it has %s", name, cmp.Or(strings.Join(known, ", "), "none"))
}
