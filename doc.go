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
// given, it runs the one that fits the machine. They must agree in inputs and outputs, or
// Open refuses them. A CPU model alone is fine too, and runs on the CPU.
//
// # Libraries
//
// TensorFlow Lite's library is opened when it is first needed, and "coral-runtime fetch"
// brings it, once per machine; package tflite says where it is looked for. Without it Open
// returns [ErrLibraryNotFound], which says what to do. An Edge TPU takes libedgetpu as well,
// which is opened likewise.
//
// # Policies
//
// [Auto] takes an Edge TPU when it can, [CPUOnly] never looks for one, [RequireTPU]
// fails without. [WithDevice] sets the policy by the name the command line uses, or
// picks one of several accelerators.
//
// # Running
//
// [Session.Run] takes plain Go slices and returns a [tflite.Value] for each output, whose
// Data is such a slice and whose Float32 method dequantises it. It may be called from any
// number of goroutines. [Session.Do] gives access to the interpreter itself for work
// without copies. [WithInterpreters] makes calls run side by side.
//
// # When an accelerator fails
//
// A device error, an inference that does not end within [WithTPUTimeout], or a pulled cable
// moves the session to the next device or to the CPU, and the inference in flight is
// repeated there: no call is lost. The session goes back to an accelerator that is attached
// again once it has run an inference on trial. [Session.Status] and [Session.Reason] follow,
// [WithOnChange] tells, [Session.Stats] counts. A model with state (an LSTM) stays where its
// sequence has begun and is not moved in silence: if the device is lost, the next call gets
// [ErrStateLost], unless [WithStateReset] allows to start again from the initial state.
// [Session.ResetState] begins a new sequence. A call that ends with its context may have
// advanced the state or not, and so ends the sequence: the next one gets ErrStateLost too.
//
// # Worker processes
//
// Google's libedgetpu ends its process when a USB accelerator fails, by abort(), which
// nothing can catch. So a session drives USB accelerators in a worker process, where it can
// start one, and PCIe ones in this process. The worker is this very program, started again;
// its main must begin with
//
//	coral.WorkerMain()
//
// which does nothing in any other process. Without it the installed coral command serves, if
// it was built from the same version of this module, and failing that the device is driven in
// this process, which Reason then says and the log once. [WithIsolation] decides otherwise.
// With [CPUOnly], [Isolated] is for models that are not trusted: they run in a worker process
// with limits on memory and time. Linux only.
//
// All sessions of a program that use one accelerator with the same library share its worker.
// Of models on a USB accelerator, an LSTM has to be opened before the others: the library's
// switch for such models ([edgetpu.DescriptorsEnv]) works only when it is loaded.
//
// # Several accelerators
//
// [WithDevices] has one session use several accelerators side by side, one inference on each.
// A [Pipeline] runs the segments of a divided model on accelerators one after the other.
//
// Package edgetpu/edgetputest simulates accelerators, so that all of this can be tried and
// tested on a machine without any.
//
// The layers below are usable on their own: package tflite is the interpreter,
// edgetpu finds and describes accelerators, model reads model files without any
// native library, vision classifies pictures.
package coral
