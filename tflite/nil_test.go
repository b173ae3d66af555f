package tflite_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// functions calls each exported function with nil and zero values.
var functions = map[string]func(*testing.T){
	"As":                 func(*testing.T) { _, _ = tflite.As[float32](tflite.Value{}) },
	"Data":               func(*testing.T) { _, _ = tflite.Data[float32](nil) },
	"HasXNNPACK":         func(*testing.T) { tflite.HasXNNPACK() },
	"Load":               func(*testing.T) { _ = tflite.Load("") },
	"LoadModel":          func(*testing.T) { _, _ = tflite.LoadModel("", nil) },
	"LoadModelFS":        func(*testing.T) { _, _ = tflite.LoadModelFS(nil, "", nil) },
	"CPUAdvice":          func(*testing.T) { tflite.CPUAdvice() },
	"MissingCPUFeatures": func(*testing.T) { tflite.MissingCPUFeatures() },
	"NewBFloat16":        func(*testing.T) { tflite.NewBFloat16(0) },
	"NewFloat16":         func(*testing.T) { tflite.NewFloat16(0) },
	"NewInterpreter":     func(*testing.T) { _, _ = tflite.NewInterpreter(nil, nil) },
	"NewModel":           func(*testing.T) { _, _ = tflite.NewModel(nil, nil) },
	"Quantize":           func(*testing.T) { tflite.Quantize[int8](0, 0, 0) },
	"Read":               func(*testing.T) { _ = tflite.Read[float32](nil, nil) },
	"Runtime":            func(*testing.T) { _, _ = tflite.Runtime() },
	"Set":                func(*testing.T) { _ = tflite.Set[float32](nil, nil) },
	"SetLogger":          func(*testing.T) { tflite.SetLogger(nil) },
	"StatusOf":           func(*testing.T) { tflite.StatusOf(nil) },
	"Use":                func(*testing.T) { _ = tflite.Use[float32](nil, nil) },
	"Version":            func(*testing.T) { tflite.Version() },
	"WithCustomOp":       option(tflite.WithCustomOp(tflite.CustomOp{})),
	"WithDelegates":      option(tflite.WithDelegates(nil, (*foreign)(nil))),
	"WithInputShape":     option(tflite.WithInputShape(0)),
	"WithLogger":         option(tflite.WithLogger(nil)),
	"WithMaxTensorBytes": option(tflite.WithMaxTensorBytes(0)),
	"WithOffload":        option(tflite.WithOffload(nil)),
	"WithPlaceholderOp":  option(tflite.WithPlaceholderOp("")),
	"WithModelLimits":    func(*testing.T) { _, _ = tflite.NewModel(nil, tflite.WithModelLimits(model.Limits{})) },
	"WithObserver":       option(tflite.WithObserver(nil)),
	"WithThreads":        option(tflite.WithThreads(0)),
	"WithXNNPACK":        option(tflite.WithXNNPACK(0)),
}

func option(o tflite.Option) func(*testing.T) {
	return func(t *testing.T) {
		if i, err := tflite.NewInterpreter(load(t, "add"), o); err == nil {
			_ = i.Invoke(t.Context())
			require.NoError(t, i.Close())
		}
	}
}

// receivers are nil and zero values of each exported type with methods, and live and
// closed ones.
func receivers(t *testing.T) map[string][]any {
	live, closed := interpreter(t, "add"), interpreter(t, "add")
	closedInput := input(t, closed, 0)
	var liveSignature, closedSignature *tflite.Signature
	if minor(t) >= 17 {
		liveSignature, closedSignature = signature(t, live, "serving_default"), signature(t, closed, "serving_default")
	}
	require.NoError(t, closed.Close())
	return map[string][]any{
		"Model":       {(*tflite.Model)(nil), new(tflite.Model), load(t, "add")},
		"Interpreter": {(*tflite.Interpreter)(nil), new(tflite.Interpreter), live, closed},
		"Signature":   {(*tflite.Signature)(nil), new(tflite.Signature), liveSignature, closedSignature},
		"Tensor":      {(*tflite.Tensor)(nil), new(tflite.Tensor), input(t, live, 0), closedInput},
		"Offload":     {(*tflite.Offload)(nil), new(tflite.Offload)},
		"Error":       {(*tflite.Error)(nil), new(tflite.Error)},
		"Value":       {tflite.Value{}, tflite.Value{Data: 7}},
		"TensorInfo":  {tflite.TensorInfo{}, tflite.TensorInfo{Shape: []int{-1}}},
		"Backend":     {tflite.Backend{}},
		"Status":      {tflite.Status(0), tflite.Status(-1), tflite.Status(99)},
		"Float16":     {tflite.Float16(0)},
		"BFloat16":    {tflite.BFloat16(0)},
	}
}

// Nothing that is exported panics on nil, zero values, ended contexts, or after Close.
func TestNothingPanics(t *testing.T) {
	wantFunctions, wantTypes := exported(t)
	for _, name := range wantFunctions {
		call := functions[name]
		if assert.NotNil(t, call, "give %s an entry in functions", name) {
			assert.NotPanics(t, func() { call(t) }, name)
		}
	}
	all := receivers(t)
	for _, name := range wantTypes {
		assert.NotEmpty(t, all[name], "give %s an entry in receivers", name)
		for _, receiver := range all[name] {
			callMethods(t, reflect.ValueOf(receiver))
		}
	}
}

func callMethods(t *testing.T, v reflect.Value) {
	t.Helper()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for k := range v.NumMethod() {
		m, name := v.Method(k), v.Type().String()+"."+v.Type().Method(k).Name
		for _, ctx := range []context.Context{nil, ended} {
			args := zeroes(ctx, m.Type())
			if m.Type().IsVariadic() {
				assert.NotPanics(t, func() { m.CallSlice(args) }, name)
			} else {
				assert.NotPanics(t, func() { m.Call(args) }, name)
			}
		}
	}
}

func zeroes(ctx context.Context, f reflect.Type) []reflect.Value {
	args := make([]reflect.Value, f.NumIn())
	for k := range args {
		args[k] = reflect.Zero(f.In(k))
		if ctx != nil && f.In(k) == reflect.TypeFor[context.Context]() {
			args[k] = reflect.ValueOf(ctx)
		}
	}
	return args
}

// exported lists the package's exported functions and the exported types that have
// exported methods.
func exported(t *testing.T) (functions, types []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			switch {
			case !ok || !f.Name.IsExported():
			case f.Recv == nil:
				functions = append(functions, f.Name.Name)
			default:
				if name := receiverName(f.Recv.List[0].Type); ast.IsExported(name) && !seen[name] {
					seen[name] = true
					types = append(types, name)
				}
			}
		}
	}
	require.Greater(t, len(functions), 20)
	require.Greater(t, len(types), 8)
	return functions, types
}

func receiverName(e ast.Expr) string {
	if p, ok := e.(*ast.StarExpr); ok {
		e = p.X
	}
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

func TestNoFileSystem(t *testing.T) {
	_, err := tflite.LoadModelFS(nil, "model.tflite")
	require.ErrorContains(t, err, "model.tflite")
}
