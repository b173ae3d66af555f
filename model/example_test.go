package model_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/gocoral/coral/model"
)

func ExampleReadFile() {
	m, err := model.ReadFile("testdata/pets.tflite")
	if err != nil {
		log.Fatal(err)
	}
	for _, in := range m.Inputs() {
		fmt.Println("input:", in.Name, in.Type, in.Shape)
	}
	for _, out := range m.Outputs() {
		q := out.Quantization
		fmt.Printf("output: %s %v %v, real = %g * (q - %d)\n", out.Name, out.Type, out.Shape, q.Scale, q.ZeroPoint)
	}
	for _, op := range m.Operators() {
		fmt.Println("operator:", op.Name, op.Count)
	}
	// Output:
	// input: pixels uint8 [1 4]
	// output: scores uint8 [1 3], real = 0.00390625 * (q - 0)
	// operator: FULLY_CONNECTED 1
	// operator: SOFTMAX 1
}

func ExampleParse_notAModel() {
	_, err := model.Parse([]byte("version https://git-lfs.github.com/spec/v1\n"))
	fmt.Println(errors.Is(err, model.ErrBadModel))
	fmt.Println(err)
	// Output:
	// true
	// not a usable TensorFlow Lite model: this looks like a Git LFS pointer: run git lfs pull to fetch the model itself
}

func ExampleModel_Verify() {
	m, err := model.ReadFile("testdata/pets.tflite")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Verify())

	m.Subgraphs[0].Operators[0].Inputs[1] = 4 // A fault that no runtime checks for.
	fmt.Println(m.Verify())
	// Output:
	// <nil>
	// not a usable TensorFlow Lite model: subgraph 0: operator 0 (FULLY_CONNECTED) reads tensor 4 ("scores"), which nothing wrote before
}

func ExampleModel_LabelFile() {
	m, err := model.ReadFile("testdata/pets.tflite")
	if err != nil {
		log.Fatal(err)
	}
	file, err := m.LabelFile(0)
	if err != nil || file == nil {
		log.Fatal("no labels: ", err)
	}
	text, err := file.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s:\n%s", file.Name, text)
	// Output:
	// labels.txt:
	// cat
	// dog
	// bird
}

func ExampleModel_Info() {
	m, err := model.ReadFile("testdata/pets.tflite")
	if err != nil {
		log.Fatal(err)
	}
	info, err := m.Info()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Name, "-", info.Description)
	fmt.Println("normalise by", info.Inputs[0].Mean, info.Inputs[0].Std)
	// Output:
	// Pets - Tells three pets apart.
	// normalise by [127.5] [127.5]
}

func ExampleModel_EdgeTPU() {
	m, err := model.ReadFile("testdata/pets_edgetpu.tflite")
	if err != nil {
		log.Fatal(err)
	}
	tpu, err := m.EdgeTPU()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("operators on the Edge TPU:", tpu.Ops)
	fmt.Println("left for the CPU:", tpu.CPUOps)
	fmt.Println("needs runtime version", tpu.MinRuntimeVersion)
	fmt.Println("parameters on the chip:", tpu.CachedBytes(), "bytes, sent each time:", tpu.StreamedBytes())
	// Output:
	// operators on the Edge TPU: 1
	// left for the CPU: [{SOFTMAX 1}]
	// needs runtime version 13
	// parameters on the chip: 96 bytes, sent each time: 64
}

func ExampleSameInterface() {
	cpu, err := model.ReadFile("testdata/pets.tflite")
	if err != nil {
		log.Fatal(err)
	}
	tpu, err := model.ReadFile("testdata/pets_edgetpu.tflite")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.SameInterface(cpu, tpu))

	tpu.Subgraphs[0].Tensors[0].Type = model.Int8
	fmt.Println(model.SameInterface(cpu, tpu))
	// Output:
	// <nil>
	// CPU model and Edge TPU model differ: input 0 ("pixels") has type uint8 and int8
}
