package edgetputest_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// A program that runs on a machine without an Edge TPU. In a test, New takes the place
// of Start, Setenv and Close.
func Example() {
	sim, err := edgetputest.Start(edgetputest.USB("2-1"), edgetputest.PCIe(0))
	if err != nil {
		log.Fatal(err)
	}
	defer sim.Close()
	if err := sim.Setenv(); err != nil {
		log.Fatal(err)
	}
	show := func() {
		devices, err := edgetpu.Probe(context.Background())
		if err != nil {
			log.Fatal(err)
		}
		for _, d := range devices {
			fmt.Println(d)
		}
	}
	show()
	fmt.Println("pulling the USB one")
	sim.Unplug("2-1")
	show()
	// Output:
	// pci /dev/apex_0 (ready, 45.0 °C)
	// usb /sys/bus/usb/devices/2-1 (uninitialised, 5000 Mbit/s)
	// pulling the USB one
	// pci /dev/apex_0 (ready, 45.0 °C)
}

// tinyModel is a small network for pictures, quantised to 8 bits.
func tinyModel() []byte {
	b, err := os.ReadFile(filepath.Join("..", "..", "tflite", "testdata", "tiny_int8.tflite"))
	if err != nil {
		log.Fatal(err)
	}
	return b
}

func printOperators(b []byte) {
	m, err := model.Parse(b)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(opNames(m))
}

func ExampleCompile() {
	cpu := tinyModel()
	printOperators(cpu)
	all, err := edgetputest.Compile(cpu)
	if err != nil {
		log.Fatal(err)
	}
	printOperators(all)
	some, err := edgetputest.Compile(cpu, edgetputest.First(2))
	if err != nil {
		log.Fatal(err)
	}
	printOperators(some)
	// Output:
	// CONV_2D RESHAPE FULLY_CONNECTED SOFTMAX
	// edgetpu-custom-op
	// edgetpu-custom-op FULLY_CONNECTED SOFTMAX
}

// Segments for a pipeline over two accelerators.
func ExampleSplit() {
	segments, err := edgetputest.Split(tinyModel(), 2)
	if err != nil {
		log.Fatal(err)
	}
	for _, segment := range segments {
		printOperators(segment)
	}
	// Output:
	// CONV_2D RESHAPE
	// FULLY_CONNECTED SOFTMAX
}

// An accelerator that fails once, after two inferences.
func ExampleSim_SetFault() {
	sim, err := edgetputest.Start(edgetputest.PCIe(0))
	if err != nil {
		log.Fatal(err)
	}
	defer sim.Close()
	if err := sim.Setenv(); err != nil {
		log.Fatal(err)
	}
	sim.SetFault("apex_0", edgetputest.InvokeFails.After(2).Times(1))

	i, done := interpreterOnFirst()
	defer done()
	for range 4 {
		fmt.Println(i.Invoke(context.Background()) == nil)
	}
	s := sim.Stats("apex_0")
	fmt.Println(s.Inferences, "good,", s.Failures, "bad")
	// Output:
	// true
	// true
	// false
	// true
	// 3 good, 1 bad
}

// interpreterOnFirst runs a compiled model on the first device.
func interpreterOnFirst() (i *tflite.Interpreter, done func()) {
	compiled, err := edgetputest.Compile(tinyModel())
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	devices, err := edgetpu.Probe(ctx)
	if err != nil {
		log.Fatal(err)
	}
	runtime, err := edgetpu.Load()
	if err != nil {
		log.Fatal(err)
	}
	d, err := runtime.NewDelegate(ctx, devices[0], edgetpu.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if i, err = newInterpreter(compiled, d); err != nil {
		log.Fatal(err)
	}
	return i, func() {
		i.Close()
		d.Delete()
	}
}
