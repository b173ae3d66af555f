// Package delegate says what a delegate is: something that takes operators of a
// model's graph away from the built-in kernels and runs them better, on an
// accelerator or with vector instructions.
//
// The contract is go-tflite's, so delegates of either library work in the other:
//
//	d, err := plugin.Open("libmydelegate.so")
//	if err != nil {
//		return err
//	}
//	defer d.Delete()
//	i, err := tflite.NewInterpreter(m, tflite.WithDelegates(d))
//
// The delegates themselves live in the packages below this one (xnnpack, plugin)
// and in package edgetpu.
//
// # Lifetimes
//
// The runtime keeps pointers into a delegate for as long as the interpreter lives.
// A delegate that implements [Borrower], as all of this module do, may be deleted at
// any time: it goes when the last interpreter has returned it. A delegate of another
// library must be deleted after the interpreters, and nobody checks. An interpreter of
// package tflite keeps every delegate from the garbage collector.
//
// go-tflite's interpreter borrows nothing and keeps no reference. A delegate of this
// module that nothing refers to is freed by the garbage collector, so a program that uses
// one in go-tflite has to hold it until the interpreter is deleted:
//
//	interpreter := gotflite.NewInterpreter(model, options) // options.AddDelegate(d)
//	…
//	interpreter.Delete()
//	d.Delete()
//
// Where Delete is not called, runtime.KeepAlive(d) after the interpreter's Delete does
// the same.
package delegate
