//go:build !unix

package tflitelib

// systemFolder is for processes with more rights than their user, of which there are none
// here.
func systemFolder(string) bool { return true }
