// Package coral runs TensorFlow Lite models on whatever the machine has: an Edge
// TPU if one is usable, the CPU otherwise, and says which and why.
//
//	s, err := coral.Open("mobilenet_v2_1.0_224_quant_edgetpu.tflite")
//	if err != nil {
//		return err
//	}
//	defer s.Close()
//	fmt.Println(s.Device(), "because", s.Reason())
//	outputs, err := s.Run(ctx, pixels) // pixels is a []uint8
//
// # Two forms of a model
//
// A model for the Edge TPU is made from a quantised CPU model by edgetpu_compiler,
// which replaces the operators that the accelerator can run by one custom operator.
// Such a model cannot run anywhere else. So [Open] wants both forms, found by name:
// "x.tflite" and "x_edgetpu.tflite" beside each other. Whichever of the two it is
// given, it runs the one that fits the machine. They must agree in inputs and
// outputs, or Open refuses them.
//
// # Policies
//
// [Auto] takes an Edge TPU when it can, [CPUOnly] never looks for one, [RequireTPU]
// fails without. [WithDevice] sets the policy by the name the command line uses, or
// picks one of several accelerators.
//
// # Running
//
// [Session.Run] takes and returns plain Go slices, and may be called from any number
// of goroutines. [Session.Do] gives access to the interpreter itself for work without
// copies. [WithInterpreters] makes calls run side by side.
//
// The layers below are usable on their own: package tflite is the interpreter,
// edgetpu finds and describes accelerators, model reads model files without any
// native library, vision classifies pictures.
package coral
