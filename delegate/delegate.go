package delegate

import "github.com/mattn/go-tflite/delegates"

// Delegate is anything that can take over operators of a model's graph. It is an
// alias of go-tflite's Delegater, so that a delegate made for either library
// works in the other.
//
// Ptr returns the TfLiteDelegate*, never nil for a usable delegate. Delete frees
// it; call it after the interpreters that use it are closed. The delegates of
// this module also implement [Borrower], which makes an early Delete harmless.
type Delegate = delegates.Delegater

// Borrower is implemented by delegates that know who is using them. An
// interpreter borrows such a delegate for its lifetime, and the delegate puts
// off a Delete until the last borrower has returned it.
type Borrower interface {
	// Borrow takes a reference; it fails when the delegate is already deleted.
	Borrow() error
	// Return gives the reference back. It is called once per successful Borrow,
	// after the interpreter has been freed.
	Return()
}

// Namer is implemented by delegates that have a name to show, such as "XNNPACK".
type Namer interface {
	Name() string
}
