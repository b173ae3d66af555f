//go:build !darwin && !windows

package edgetpu

// libraryName is what the loader is asked for when nobody says otherwise.
const libraryName = "libedgetpu.so.1"
