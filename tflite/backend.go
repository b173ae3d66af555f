package tflite

import (
	"fmt"
	"strings"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/internal/capi"
)

// Backend tells which delegates run how many of a model's operators, those of all its
// graphs together. It is counted after the delegates were applied, so a delegate that was attached
// but took nothing shows as such. Of a runtime whose structures are not known
// ([RuntimeInfo.Known]) the delegates have their names only, see Uncounted.
type Backend struct {
	// Delegates has an entry per attached delegate, in order of application.
	Delegates []DelegateUse
	// BuiltIn is the number of operators left to the runtime's own kernels.
	BuiltIn int
	// Uncounted: the runtime's structures are not known, and all numbers are 0.
	Uncounted bool
}

// DelegateUse is the share of one delegate.
type DelegateUse struct {
	// Name is "XNNPACK" or what the delegate calls itself.
	Name string
	// Operators of the model that it runs.
	Operators int
	// Kernels is the number of contiguous parts these were merged into. Each
	// costs a hand-over of tensors.
	Kernels int
}

// builtInName is what the runtime's own kernels are called in output.
const builtInName = "built-in kernels"

// Uses returns the share of the delegate with the given name, zero if it has none.
func (b Backend) Uses(name string) DelegateUse {
	for _, d := range b.Delegates {
		if d.Name == name {
			return d
		}
	}
	return DelegateUse{Name: name}
}

// String reads like "XNNPACK (65 of 68 operators), built-in kernels (3)".
func (b Backend) String() string {
	total := b.BuiltIn
	for _, d := range b.Delegates {
		total += d.Operators
	}
	var parts []string
	for _, d := range b.Delegates {
		if d.Operators > 0 {
			parts = append(parts, fmt.Sprintf("%s (%d of %d operators)", d.Name, d.Operators, total))
		}
	}
	switch {
	case b.Uncounted && len(b.Delegates) > 0:
		return b.Delegates[0].Name + " attached, operators not counted"
	case len(parts) == 0:
		return builtInName
	case b.BuiltIn > 0:
		parts = append(parts, fmt.Sprintf("%s (%d)", builtInName, b.BuiltIn))
	}
	return strings.Join(parts, ", ")
}

func newBackend(names []string, inspector capi.Inspector) Backend {
	if inspector == nil {
		return uncounted(names)
	}
	taken, builtIn := capi.InspectorReport(inspector)
	b := Backend{BuiltIn: builtIn}
	for k, u := range taken {
		b.Delegates = append(b.Delegates, DelegateUse{Name: names[k], Operators: u.Operators, Kernels: u.Kernels})
	}
	return b
}

// uncounted is a backend of which nothing is known but who was attached.
func uncounted(names []string) Backend {
	b := Backend{Uncounted: true}
	for _, name := range names {
		b.Delegates = append(b.Delegates, DelegateUse{Name: name})
	}
	return b
}

// delegateName asks the delegate, else gives its type.
func delegateName(d delegate.Delegate) string {
	if n, ok := d.(delegate.Namer); ok {
		return n.Name()
	}
	return fmt.Sprintf("%T", d)
}
