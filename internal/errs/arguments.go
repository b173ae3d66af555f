package errs

import (
	"context"
	"reflect"
)

// Context returns ctx, or for nil one that never ends.
func Context(ctx context.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx
}

// IsNil reports whether v is nil, or an interface with a nil pointer in it, whose methods
// would panic.
func IsNil(v any) bool {
	p := reflect.ValueOf(v)
	return !p.IsValid() || p.Kind() == reflect.Pointer && p.IsNil()
}
