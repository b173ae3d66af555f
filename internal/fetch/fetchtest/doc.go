// Package fetchtest is a world for the tests of what fetches: package managers without a
// network, and a manifest of what they have.
package fetchtest
