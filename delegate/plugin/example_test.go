//go:build cgo

package plugin_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/gocoral/coral/delegate/plugin"
	"github.com/gocoral/coral/tflite"
)

// A program that uses an accelerator where there is one. On this machine the library
// is not installed.
func Example() {
	m, err := tflite.LoadModel("../../tflite/testdata/add.tflite")
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()

	var opts []tflite.Option
	d, err := plugin.Open("libexample-npu-delegate.so",
		plugin.WithOption("device", "0"),
		plugin.WithOption("performance", "high"))
	switch {
	case err == nil:
		defer d.Delete()
		opts = append(opts, tflite.WithDelegates(d))
	case errors.Is(err, plugin.ErrLibraryNotFound):
		fmt.Println("the NPU's library is not installed")
	case errors.Is(err, plugin.ErrDelegateDeclined):
		fmt.Println("the NPU is not to be had:", err)
	default:
		log.Fatal(err)
	}

	i, err := tflite.NewInterpreter(m, opts...)
	if err != nil {
		log.Fatal(err)
	}
	defer i.Close()
	fmt.Println("outputs:", i.OutputCount())
	// Output:
	// the NPU's library is not installed
	// outputs: 1
}

// A plugin that was built for an old TensorFlow Lite runs on a newer one with the
// adapter.
func ExampleWithOldABI() {
	d, err := plugin.Open("libvendor-delegate.so.3", plugin.WithOldABI())
	if err == nil {
		defer d.Delete()
	}
	fmt.Println(errors.Is(err, plugin.ErrLibraryNotFound))
	// Output: true
}
