// Package plugin runs TensorFlow Lite delegates that come as a shared library of
// their own: any library that exports tflite_plugin_create_delegate and
// tflite_plugin_destroy_delegate, as those for NPUs, GPUs and the Edge TPU do.
//
// # Using one
//
// Open the library, with the options that its documentation lists, and give the
// delegate to interpreters:
//
//	d, err := plugin.Open("libmydelegate.so", plugin.WithOption("device", "0"))
//	if err != nil {
//		return err
//	}
//	defer d.Delete()
//	i, err := tflite.NewInterpreter(m, tflite.WithDelegates(d))
//	if err != nil {
//		return err
//	}
//	defer i.Close()
//	fmt.Println(i.Backend()) // libmydelegate.so (29 of 31 operators), …
//
// The library is opened at run time, so a program starts on machines that lack it,
// and can go on without:
//
//	if errors.Is(err, plugin.ErrLibraryNotFound) { … }
//
// For the Edge TPU package edgetpu does more: it finds the devices and tells what
// is wrong with them.
//
// # What goes wrong, and how it is said
//
// A library that cannot be opened gives [ErrLibraryNotFound] with the loader's own
// words, and tells an absent file from an absent dependency or one for another
// processor. A plugin that makes no delegate gives [ErrDelegateDeclined] with what
// the plugin reported; the runtime's own loader (TfLiteExternalDelegateCreate) drops
// that text. A delegate that fails later, when it looks at a model, makes
// tflite.NewInterpreter fail with the same sentinel and the runtime's report.
//
// # Lifetimes
//
// Interpreters borrow the delegate. [Delegate.Delete] may come at any time and in
// any order: the plugin's delegate is destroyed when the last interpreter that uses
// it is closed. A Delegate that is dropped without Delete is destroyed some time
// after the garbage collector has found it. Interpreters of other bindings, such as
// go-tflite, neither borrow nor keep it: call [Delegate.Borrow] before they are made,
// and [Delegate.Return] after they are deleted.
//
// The library itself stays loaded until the program ends. Plugins start threads and
// register exit handlers, and unloading the code under them ends the program.
//
// # Plugins from before TensorFlow 2.10
//
// The interface between runtime and delegate has changed without a version number.
// A plugin compiled for an old TensorFlow Lite crashes in a new one, or its operators
// fail as "unresolved custom op", or it works by luck. [WithOldABI] puts an adapter
// between the two. It does no harm on an old runtime, so it is right for such a
// plugin whatever the runtime is.
package plugin
