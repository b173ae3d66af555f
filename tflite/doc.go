// Package tflite runs TensorFlow Lite models through the C API, libtensorflowlite_c.
//
//	m, err := tflite.LoadModel("model.tflite")
//	if err != nil {
//		return err
//	}
//	defer m.Close()
//	i, err := tflite.NewInterpreter(m)
//	if err != nil {
//		return err
//	}
//	defer i.Close()
//	in, err := i.Input(0)
//	if err != nil {
//		return err
//	}
//	if err := tflite.Set(in, pixels); err != nil { // a []uint8
//		return err
//	}
//	if err := i.Invoke(ctx); err != nil {
//		return err
//	}
//	out, err := i.Output(0)
//	if err != nil {
//		return err
//	}
//	err = tflite.Read(out, scores)
//
// Most programs want package coral instead, which chooses a device and is safe for
// concurrent use; this package is the layer below.
//
// # Tensors
//
// A [Tensor] is a handle. Its content is reached in one of four ways:
//
//   - [Set] and [Read] copy, check type and length, and allocate nothing.
//   - [Use] lends the memory itself to a function, without a copy.
//   - [Tensor.SetFloat32] and [Tensor.ReadFloat32] convert from and to real numbers
//     by the tensor's own quantisation.
//   - [Data] returns a raw view, with conditions that are the caller's to keep.
//
// [Tensor.Value] and [Tensor.SetValue] do the same for programs that learn the
// element type at run time only. Strings have [Tensor.ReadStrings] and
// [Tensor.SetStrings].
//
// # Quantisation
//
// A quantised tensor holds integers q that stand for scale * (q - zero point). The
// parameters come with the tensor, see [Quantization]; a model whose type is uint8
// expects uint8, and it is up to the caller to set it so or to go through floats.
// [Quantize] is the one function that does it, for a tensor and for a number alike.
//
// # Open sizes and state
//
// A model may leave dimensions open, -1 in [Tensor.ShapeSignature]. [WithInputShape]
// settles them before memory is allocated for the first time, [Interpreter.Resize] later.
// Shapes other than the file's are tried on the built-in kernels first, because XNNPACK
// ends the process with some that do not fit.
//
// A model with state remembers from one Invoke to the next.
// [Interpreter.ResetVariables] makes it forget, whichever way the state is kept.
//
// # Concurrency
//
// An interpreter does one thing at a time. A call that finds it in use returns
// [ErrBusy] and has no effect: never a race, never a wrong answer.
//
// # Delegates and speed
//
// The C API leaves XNNPACK, its vectorised kernels, out unless it is attached. This
// package attaches it, with the kernels for quantised models, and goes on without
// where it cannot prepare a model. [Interpreter.Backend] tells which kernels run how
// many operators. The runtime prints a line about it on standard error, once a
// process, which is left alone: hiding it would hide panics and abort messages too.
//
// # Errors and memory
//
// Every failure is an [*Error] with the runtime's own words, and wraps one of the
// sentinels. Nothing here returns nil without a reason, and bad input does not end
// the process: indices, types, lengths and shapes are checked before the runtime
// sees them, and models are verified before they are loaded.
//
// Close what you open. What is dropped without Close is freed by the garbage
// collector, unless [Data] has exposed it.
//
// # Where the library comes from
//
// A program is built without TensorFlow Lite, and opens libtensorflowlite_c when it first
// needs it. "coral-runtime fetch" (or "coral fetch-runtime") brings it, once per machine. It
// is looked for in this order:
//
//  1. the file given to [Load], or else named by the variable CORAL_TFLITE_LIB; that one is
//     taken, or it is an error;
//  2. the copy that the process has already, because the program or a library of it links
//     one, as go-tflite does;
//  3. beside the executable, and in the folder lib beside it;
//  4. the user's cache folder, which coral-runtime fetch fills: the default version first,
//     then the newest of the others;
//  5. where the system's loader looks for libraries.
//
// What cannot be used is passed over. If nothing is left, whatever needs the library fails
// with [ErrLibraryNotFound], which says what was looked at, what was wrong with each, and what
// to do; the next call looks again. [Runtime] tells what was found and how, and [SetLogger]
// shows each step. In a process with more rights than its user (set-uid, file capabilities)
// neither the variable nor the cache folder counts.
//
// The build tags tflite_link, with the library in CGO_LDFLAGS, and tflite_pkgconfig link the
// library instead; nothing is looked for then. docs/native-library.md has the details.
//
// # Runtimes
//
// One build works with every runtime from 2.9.0 to 2.20.0. What an older one lacks
// (signatures, cancellation) answers with [ErrUnsupported], and so does a model that it
// is known to compute wrongly. [Version] tells which one it is, and [MissingCPUFeatures]
// what this processor lacks for it. Of a version that is not known ([RuntimeInfo]) no
// structure is read, and what only these tell is ErrUnsupported.
package tflite
