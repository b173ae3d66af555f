// Package oldabi lets today's TensorFlow Lite run delegates that were compiled for
// the one of years ago, Google's own libedgetpu 16.0 above all.
//
// # What broke
//
// A delegate claims operators by calling the runtime's
// ReplaceNodeSubsetsWithDelegateKernels, which takes a TfLiteRegistration by value.
// That structure had 64 bytes up to TensorFlow 2.9 (32 on 32-bit platforms), and has
// 88 (48) in 2.17 and 2.20: registration_external, async_kernel and
// inplace_operator were added at its end, one after the other.
//
// A newer runtime reads the new fields past the end of what an old delegate passes.
// It finds there whatever lies on the stack, and stores or jumps through it. In the
// same way TfLiteDelegate has got an opaque_delegate_builder, which is read past
// the end of what an old delegate allocated.
//
// # The cure
//
// [Wrap] gives the runtime a delegate of its own to hold, with zeros where newer
// fields may be, and stands between the two: what the delegate passes is extended
// by zeros, which in every field so far means "not used".
//
// The context's function pointer is exchanged while the delegate's Prepare runs,
// and put back after it. The runtime does the same with that pointer: it is good
// during Prepare only. The alternative, handing the delegate a copy of the context,
// would need to know how long this runtime's context is, would go stale when
// tensors are added (the context holds their address and number), and would be gone
// by the time a delegate uses a context it has kept.
//
// # Limits
//
// A delegate must find its own data by TfLiteDelegate.data_, as libedgetpu does,
// because its kernels meet the runtime's delegate, not the original, in
// TfLiteDelegateParams and TfLiteNode.
//
// A delegate built with newer headers works as well where structures are passed in
// memory of their own or at the end of the stack (all 64-bit platforms), as long as
// it leaves the newer fields zero; if it uses them, it must go without the adapter.
//
// On 32-bit platforms the structure's size decides where the other arguments are,
// so the adapter must be exact there. It knows the runtimes up to 2.9 and from 2.17;
// under any other Prepare fails with a report.
package oldabi
