// Package libedgetpu calls Google's libedgetpu through its C interface, which is
// opened at run time: a program that imports this starts on machines without it.
//
// The C interface is used rather than the plugin entry points because only it keeps
// the options of a device that is opened by path. The library is never unloaded: it
// leaves threads behind that would run into nothing.
package libedgetpu
