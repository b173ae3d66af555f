// Oldcpu uses the runtime on whatever processor it meets: a test runs it on emulated ones
// that are old.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/gocoral/coral/tflite"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("it runs")
}

func run(path string) error {
	m, err := tflite.LoadModel(path)
	if err != nil {
		return err
	}
	i, err := tflite.NewInterpreter(m)
	if err != nil {
		return err
	}
	return i.Invoke(context.Background())
}
