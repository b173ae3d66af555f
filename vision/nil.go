package vision

import "reflect"

// isNil reports whether v is nil, or an interface with a nil pointer in it.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	p := reflect.ValueOf(v)
	return p.Kind() == reflect.Pointer && p.IsNil()
}
