// Package xnnpack makes XNNPACK delegates: vectorised CPU kernels that run
// quantised models two to twelve times faster than the built-in ones.
//
// Interpreters attach XNNPACK by themselves, so this package is for those who want
// it otherwise: half precision, only some of the quantised kernels, or the delegate
// in a go-tflite interpreter.
//
//	d, err := xnnpack.New(xnnpack.WithThreads(4), xnnpack.WithForceFP16())
//	if err != nil {
//		return err
//	}
//	defer d.Delete()
//	i, err := tflite.NewInterpreter(m, tflite.WithDelegates(d))
//
// # Versions
//
// The options structure of the C API differs between runtimes and is chosen by the
// version of the one in use. For a version that this package does not know, New
// refuses options other than the defaults rather than guess a layout.
package xnnpack
