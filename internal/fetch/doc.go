// Package fetch gets the native TensorFlow Lite library, and the models of the examples,
// that the manifest of package thirdparty names. The commands coral-runtime and coral are
// built on it. No package of the library imports it: a program looks for a library that is
// there, and never downloads one.
//
//	f := fetch.New(func(line string) { log.Print(line) })
//	library, err := f.Runtime(ctx, fetch.Request{Version: "2.9.0"})
//
// # Trust
//
// The package opens no connection of its own. It runs the package manager of each package
// (pip, npm, mvn, go) with the registry, proxy and credentials that the user configured, and
// trusts nothing that it brings until the SHA-256 is that of the manifest. What is already
// there, with the right hash, is not fetched again and needs neither package manager nor
// network.
//
// # Errors
//
// Each says what the user can do, in terms of the flags --version, --platform, --root and
// --into, by which both commands call the fields of a [Request].
package fetch
