// Package niltest calls everything that a package exports with nil and zero values, for
// tests that nothing of it panics.
package niltest

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// Walk calls each of the functions and each exported method of each of the values, which
// are nil pointers and zero values mostly. All arguments are zero; what is variadic is
// called without and with one. A panic is an error of the test, and so is an exported
// function, or a type with exported methods, of the package in the current folder that
// is left out.
func Walk(t *testing.T, functions map[string]any, values ...any) {
	t.Helper()
	types := make(map[string]bool)
	for name, f := range functions {
		t.Run(name, func(t *testing.T) { call(t, reflect.ValueOf(f)) })
	}
	for _, value := range values {
		v := reflect.ValueOf(value)
		name := v.Type().String()
		if v.Kind() == reflect.Pointer {
			types[v.Type().Elem().Name()] = true
			if v.IsNil() {
				name = "nil " + name
			}
		}
		types[v.Type().Name()] = true
		for i := range v.NumMethod() {
			t.Run(name+"."+v.Type().Method(i).Name, func(t *testing.T) { call(t, v.Method(i)) })
		}
	}
	wantFunctions, wantTypes := exported(t)
	for _, name := range wantFunctions {
		if functions[name] == nil {
			t.Errorf("function %s is not among those to call", name)
		}
	}
	for _, name := range wantTypes {
		if !types[name] {
			t.Errorf("type %s is not among those whose methods to call", name)
		}
	}
}

// call calls f with zero arguments.
func call(t *testing.T, f reflect.Value) {
	t.Helper()
	var args []reflect.Value
	for in := range f.Type().Ins() {
		args = append(args, reflect.Zero(in))
	}
	if !f.Type().IsVariadic() {
		attempt(t, f, args)
		return
	}
	last := len(args) - 1
	attempt(t, f, args[:last])
	attempt(t, f, append(args[:last:last], reflect.Zero(f.Type().In(last).Elem())))
}

func attempt(t *testing.T, f reflect.Value, args []reflect.Value) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%v of %v panics: %v", f.Type(), args, r)
		}
	}()
	f.Call(args)
}

// exported lists the functions of the package in the current folder, and the types that
// have methods.
func exported(t *testing.T) (functions, types []string) {
	t.Helper()
	pkg, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	receivers := make(map[string]bool)
	for _, name := range slices.Concat(pkg.GoFiles, pkg.CgoFiles) {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(pkg.Dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			switch f, ok := d.(*ast.FuncDecl); {
			case !ok || !f.Name.IsExported():
			case f.Recv == nil:
				functions = append(functions, f.Name.Name)
			default:
				receivers[receiver(f.Recv.List[0].Type)] = true
			}
		}
	}
	for name := range receivers {
		if ast.IsExported(name) {
			types = append(types, name)
		}
	}
	return functions, types
}

func receiver(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	return fmt.Sprint(e)
}
