package tflite_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/gocoral/coral/tflite"
)

func open(path string, opts ...tflite.Option) *tflite.Interpreter {
	m, err := tflite.LoadModel(path)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close() // the interpreter keeps what it needs
	i, err := tflite.NewInterpreter(m, opts...)
	if err != nil {
		log.Fatal(err)
	}
	return i
}

func Example() {
	i := open("testdata/add.tflite")
	defer i.Close()

	for k, v := range [][]float32{{1, 2, 3, 4, 5, 6, 7, 8}, {8, 7, 6, 5, 4, 3, 2, 1}} {
		in, err := i.Input(k)
		if err != nil {
			log.Fatal(err)
		}
		if err := tflite.Set(in, v); err != nil {
			log.Fatal(err)
		}
	}
	if err := i.Invoke(context.Background()); err != nil {
		log.Fatal(err)
	}
	out, err := i.Output(0)
	if err != nil {
		log.Fatal(err)
	}
	sum := make([]float32, out.Elements())
	if err := tflite.Read(out, sum); err != nil {
		log.Fatal(err)
	}
	fmt.Println(out.Name(), out.Type(), out.Shape(), sum)
	// Output: sum float32 [1 8] [9 9 9 9 9 9 9 9]
}

// Real numbers go into a quantised tensor by its own scale and zero point.
func ExampleTensor_SetFloat32() {
	i := open("testdata/per_tensor.tflite")
	defer i.Close()
	in, err := i.Input(0)
	if err != nil {
		log.Fatal(err)
	}
	q := in.Quantization()
	fmt.Println("scale", q.Scale, "zero point", q.ZeroPoint)

	if err := in.SetFloat32([]float32{-1, -0.5, 0, 0.5, 1, 1000}); err != nil {
		log.Fatal(err)
	}
	stored := make([]int8, in.Elements())
	if err := tflite.Read(in, stored); err != nil {
		log.Fatal(err)
	}
	fmt.Println(stored)
	// Output:
	// scale 0.5 zero point -3
	// [-5 -4 -3 -2 -1 127]
}

// Use lends the tensor's own memory.
func ExampleUse() {
	i := open("testdata/add.tflite")
	defer i.Close()
	in, err := i.Input(0)
	if err != nil {
		log.Fatal(err)
	}
	err = tflite.Use(in, func(memory []float32) error {
		for k := range memory {
			memory[k] = float32(k)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	v, err := in.Value()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Data)
	// Output: [0 1 2 3 4 5 6 7]
}

// A shape with open dimensions is settled before the tensors are used.
func ExampleInterpreter_Resize() {
	i := open("testdata/add_dynamic.tflite")
	defer i.Close()
	for k := range i.InputCount() {
		if err := i.Resize(k, 2, 4); err != nil {
			log.Fatal(err)
		}
	}
	out, err := i.Output(0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out.Shape())
	// Output: [2 4]
}

// Errors say what was given and what was expected.
func ExampleError() {
	i := open("testdata/add.tflite")
	defer i.Close()
	in, err := i.Input(0)
	if err != nil {
		log.Fatal(err)
	}
	err = tflite.Set(in, []float32{1, 2, 3})
	fmt.Println(err)
	fmt.Println(errors.Is(err, tflite.ErrSize))
	// Output:
	// tflite: set: source has 3 elements, input 0 "a" of shape [1 8] has 8: wrong size
	// true
}

func ExampleInterpreter_Backend() {
	i := open("testdata/add.tflite", tflite.WithXNNPACK(tflite.XNNPACKOff))
	defer i.Close()
	fmt.Println(i.Backend())
	// Output: built-in kernels
}
