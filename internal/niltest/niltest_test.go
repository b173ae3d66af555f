package niltest

import (
	"reflect"
	"slices"
	"testing"
)

type thing struct{ next *thing }

func (x *thing) Next() *thing { return x.next }

// A panic is found, in a function as in a method, with and without a variadic argument.
func TestCallFindsPanics(t *testing.T) {
	for name, f := range map[string]any{
		"method":   (*thing)(nil).Next,
		"function": func(x *thing) *thing { return x.next },
		"variadic": func(xs ...*thing) { _ = slices.ContainsFunc(xs, func(x *thing) bool { return x.next == nil }) },
	} {
		var inner testing.T
		call(&inner, reflect.ValueOf(f))
		if !inner.Failed() {
			t.Error(name)
		}
	}
}

func TestExported(t *testing.T) {
	functions, types := exported(t)
	if !slices.Equal(functions, []string{"Walk"}) || len(types) != 0 {
		t.Error(functions, types)
	}
}
