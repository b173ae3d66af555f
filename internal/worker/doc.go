// Package worker has engines run in other processes. Google's libedgetpu answers a USB
// failure, a pulled cable above all, by abort(); a model that nobody has checked may crash
// TensorFlow Lite. In a worker process either costs an error.
//
// A worker is the user's own program started again ([Main] makes it one), or the installed
// coral command. One worker serves all engines of this program on one device, because only
// one process can have a device open, and models that were compiled together keep their
// parameters on the chip that way. An engine that runs a model on the CPU has a worker to
// itself. A model whose transfers are not all planned (an LSTM) needs a worker that was started
// with [edgetpu.DescriptorsEnv], which suits the others too; the library reads it once.
//
// # Conversation
//
// The worker inherits one end of the control socket and says what it is (hello). For each
// engine it is then sent, over that socket, one end of a further socket and an empty piece of
// shared memory. On that socket requests and responses go back and forth: open the device and
// prepare the model; the response tells the sizes of the tensors as the runtime allocated
// them; the session gives the memory its size; both map it; inferences. The end of an engine's
// socket ends the engine, that of the control socket the process.
//
// Both ends have to be of one mind about the messages. The version of the module says
// nothing about that (a replaced module has none, and two builds can share one), so the
// greeting has a hash of the messages' types.
package worker
