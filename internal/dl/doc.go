// Package dl opens shared libraries at run time and calls what a TensorFlow Lite
// delegate library exports. It links with none of them, nor with TensorFlow Lite,
// so that a program starts on a machine that has no accelerator library at all.
//
// # Opening
//
// [Open] takes what dlopen takes: a path, or a bare name for the loader to search.
// A failure is an [*Error], which keeps the loader's own words, says which
// [Reason] they amount to, and what can be done about it. The loader answers "No
// such file or directory" to three very different failures: the file is absent, it
// is for another processor, or it needs a library that is absent. The error tells
// them apart.
//
// # Why libraries stay loaded
//
// [Library.Close] is for a library that turned out to be the wrong one. Once code
// of it has run, the library may have started threads, and taking the code away
// under them ends the process. So those who call into a library keep it open for
// ever; opening it again gives the same one and costs nothing.
//
// Without cgo, Open returns ErrCgoRequired.
package dl
