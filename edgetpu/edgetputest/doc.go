// Package edgetputest simulates Edge TPUs, for tests of programs that use them and for
// machines that have none. It is a simulation and says so wherever it can be asked: it
// computes what the CPU computes, and is no faster.
//
//	func TestMyProgram(t *testing.T) {
//		sim := edgetputest.New(t, edgetputest.USB("2-1"), edgetputest.PCIe(0))
//		// coral.Open, edgetpu.Probe and edgetpu.Load now find these two.
//		sim.Unplug("2-1")
//		…
//	}
//
// # What is simulated
//
// [New] makes two things that belong together:
//
//   - a libedgetpu, in C, compiled for the test into a temporary folder. It exports all
//     of edgetpu_c.h and the plugin interface, is laid out as Google's is, for the
//     structures of TensorFlow Lite 2.5, and shares its traps. It takes the operators of
//     compiled models and runs them with the TensorFlow Lite of the process.
//   - a machine: the parts of sys and dev that edgetpu.Probe reads, as files. A device
//     without firmware changes its identity when it is first opened, a PCIe device tells
//     who has it open, and what is unplugged is gone.
//
// The environment variables CORAL_EDGETPU_LIB and UMOCKDEV_DIR point programs at them,
// child processes too. The library needs no other: it finds the rest beside itself.
// Each simulation has a library of its own, so several can exist at a time.
//
// # Models
//
// [Compile] makes a compiled model of any model that is quantised to 8 bits, without
// Google's compiler, and the simulation runs it:
//
//	tpu, err := edgetputest.Compile(cpu)
//
// The results are those of the CPU model, bit for bit, as long as the CPU model runs on
// the built-in kernels; XNNPACK rounds in other ways.
//
// [Split] divides a model into segments for a pipeline; Compile takes each of them. A
// model that Google's compiler made runs too, once [Sim.AddModel] has been given it
// together with its CPU model. [Detector] is a small detection model to begin with, whose
// post-processing stays on the CPU.
//
// # Faults
//
// A [Fault] is what can go wrong with a device: [CreateBlocks], [Busy], [InvokeFails],
// [InvokeHangs], [InvokeAborts] and others, from the start or after some inferences, for
// ever or a number of times:
//
//	sim.SetFault("2-1", edgetputest.InvokeFails.After(100).Times(1))
//
// Where Google's library waits (25 seconds for an absent device), the simulation waits a
// hundredth of that; [TimeScale] changes it. [Sim.Unplug] and [Sim.Plug] pull and replace
// a device. Google's library ends the process when a USB device goes, or now and then
// leaves the call hanging; here that is for [Device.OnLoss] to say, and an error is the
// default. [Sim.RandomPulls] pulls a device at random moments in both ways.
//
// [Sim.Claim] has another program claim a USB device, one that knows nothing of this
// module. Opening the device would reset it and end that program, which [Sim.Stats]
// counts in BrokenClaims.
//
// [Sim.Stats] counts what reached a device, and [Sim.SetTemperature] and
// [Sim.SetAttribute] change what the kernel tells about it.
//
// # Programs
//
// [Start] is for programs, such as examples that are to run on any machine. It changes
// nothing until [Sim.Setenv].
//
// # The C code
//
// It is compiled once with the compiler that cgo uses, and kept in the user's cache
// folder. EDGETPU_SIM_CFLAGS adds flags (-fsanitize=address, for example) for compiling
// and linking, EDGETPU_SIM_LDFLAGS others for linking, and EDGETPU_SIM_LIBRARY names a
// library that was built elsewhere, for where there is no compiler. Linux and macOS are supported.
package edgetputest
