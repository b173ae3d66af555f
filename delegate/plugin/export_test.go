package plugin

// AdapterFreed reports whether the adapter of WithOldABI is gone: too small a thing
// to see its leak in the process's memory.
func AdapterFreed(d *Delegate) bool { return d.adapter.Ptr() == nil }
