// Package tflitelib finds TensorFlow Lite's C library and opens it, once, when it is first
// needed.
//
// # Where it is looked for
//
//  1. the path given to [Load], or else the variable CORAL_TFLITE_LIB; what is given that
//     way is taken, or an error, and nothing else is looked at;
//  2. the copy that the process has already, because the program or a library links it
//     (go-tflite does);
//  3. beside the executable, and in the folder lib beside it;
//  4. the user's cache folder, which coral-runtime fetch fills: the default version first,
//     then the others, the newest first;
//  5. where the system's loader looks for libraries.
//
// A process with more rights than its user (set-uid, file capabilities) does not look at
// what that user may set or write: the variable and the cache folder, and a folder beside
// the executable that is not the system's own.
//
// What cannot be used is passed over, and the reason kept: if nothing is found, the [Error]
// tells them all, and a later call looks again. After a success nothing else is opened in
// this process.
//
// # Two copies in one process
//
// A library calls functions of its own by their names, and the loader takes the first of
// that name that the process shows to all. With two copies of TensorFlow Lite one would use
// parts of the other. So the copy that is there is used. Where another one is asked for, by
// its path, it is opened such that its own functions come first. Nothing that is opened here
// is shown to others, unless a delegate library needs it ([Share]).
//
// # Which libraries are usable
//
// All functions that every version from 2.9 on has must be there, the processor must have
// the instructions that a known build needs, and a version whose structures are known must
// have them where they should be (capi.SelfCheck). Of an unknown version no structure is
// used.
//
// With the build tags tflite_link and tflite_pkgconfig the program links the library; then
// nothing is looked for, and all else is the same.
package tflitelib
