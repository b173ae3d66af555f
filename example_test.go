package coral_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/tflite"
)

func Example() {
	s, err := coral.Open("tflite/testdata/add.tflite", coral.WithPolicy(coral.CPUOnly))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	fmt.Println(s.Device(), "because", s.Reason())

	outputs, err := s.Run(context.Background(),
		[]float32{1, 2, 3, 4, 5, 6, 7, 8},
		[]float32{8, 7, 6, 5, 4, 3, 2, 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(outputs[0].Name, outputs[0].Shape, outputs[0].Data)
	// Output:
	// CPU because the CPU was asked for
	// sum [1 8] [9 9 9 9 9 9 9 9]
}

// Inputs and outputs by the names of the model's signature.
func ExampleSession_RunNamed() {
	s, err := coral.Open("tflite/testdata/add.tflite", coral.WithPolicy(coral.CPUOnly))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	outputs, err := s.RunNamed(context.Background(), map[string]any{
		"a": []float32{1, 1, 1, 1, 1, 1, 1, 1},
		"b": []float32{0, 1, 2, 3, 4, 5, 6, 7},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(outputs["sum"].Data)
	// Output: [1 2 3 4 5 6 7 8]
}

// Do works on the model's own tensors, without a copy.
func ExampleSession_Do() {
	s, err := coral.Open("tflite/testdata/tiny_int8.tflite", coral.WithPolicy(coral.CPUOnly))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	err = s.Do(ctx, func(i *tflite.Interpreter) error {
		in, err := i.Input(0)
		if err != nil {
			return err
		}
		err = tflite.Use(in, func(pixels []int8) error {
			for k := range pixels {
				pixels[k] = int8(k)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return i.Invoke(ctx)
	})
	fmt.Println(err)
	// Output: <nil>
}
