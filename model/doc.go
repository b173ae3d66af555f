// Package model reads TensorFlow Lite models (.tflite files) in pure Go: what
// goes in and out of them, which operators they use, the labels and descriptions
// packed into them, and the program for the Edge TPU inside compiled ones. It
// needs neither cgo nor a runtime library, runs no model, and writes no file.
//
// # Reading a model
//
// [ReadFile], [ReadFS] and [Parse] decode a whole model at once into plain
// structs. [Model.Inputs] and [Model.Outputs] answer the most common question:
//
//	m, err := model.ReadFile("mobilenet_v2.tflite")
//	if err != nil {
//		return err // "this looks like a Git LFS pointer: run git lfs pull …"
//	}
//	for _, in := range m.Inputs() {
//		fmt.Println(in.Name, in.Type, in.Shape) // input uint8 [1 224 224 3]
//	}
//
// The rest is in the fields of [Model]: its Subgraphs with tensors and operators,
// its Signatures and its Metadata. The contents of constant tensors are slices of
// the bytes that were parsed, so that a model of many megabytes takes few
// kilobytes more.
//
// A file says less than the runtime finds out: a shape may be open, and that of an
// output may be known only when its operator has run ([Tensor.UnknownRank]). Where a
// runtime is at hand, ask it for shapes and sizes.
//
// # Files that are not to be trusted
//
// Parse never panics, whatever the bytes are, and its memory and time are bounded
// by the size of the file. A model that parses can be described, but it may still
// bring down the process that runs it: the runtimes check the format of a file,
// not the sense of the graph in it. [Model.Verify] does. Programs that open models
// they did not make themselves should call it before they hand the bytes to a
// runtime; packages tflite and coral do. It also bounds the memory that a model asks
// for: what is over a limit wraps [ErrMemory], and [Model.VerifyWithin] raises it.
//
// Converters write the constants of large models behind the FlatBuffer, where the C
// API of TensorFlow Lite does not look. [Model.Inline] brings them in; package tflite
// does so when it loads a model.
//
// # Labels
//
// Models may carry their labels. [Model.LabelFile] finds the file with them, which
// vision.ModelLabels reads, whatever its kind. [Model.Info] returns
// all that the author wrote about inputs and outputs, such as how to normalise an
// image, and [Model.AssociatedFiles] unpacks any file in the model.
//
// # Models for the Edge TPU
//
// The Edge TPU compiler replaces what it can of a network by a custom operator,
// which only libedgetpu can run. [Model.IsEdgeTPU] recognises such a model, and
// [Model.EdgeTPU] tells before any device is opened which version of the runtime
// it needs, what is left for the CPU, and whether the parameters fit on the chip.
// [SameInterface] checks that a CPU model can take over from it.
package model
