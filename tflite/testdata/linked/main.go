// Linked prints what a program knows of the TensorFlow Lite that it was linked with.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/gocoral/coral/tflite"
)

func main() {
	info, err := tflite.Runtime()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(info)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
