package edgetpu

// libraryName is what the loader is asked for when nobody says otherwise.
const libraryName = "libedgetpu.1.dylib"
