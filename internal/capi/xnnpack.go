package capi

// Layouts of the XNNPACK delegate's options structure. A newer runtime may have
// another one, so unknown versions get no structure at all.
const (
	// XNNPACKDefaults: the layout is not known, the runtime's defaults apply.
	XNNPACKDefaults = 0
	// XNNPACKv1 is {threads, flags, …}, of runtimes up to 2.18.
	XNNPACKv1 = 1
	// XNNPACKv2 is {threads, runtime flags, flags, …}, of 2.20.
	XNNPACKv2 = 2
)

// Flags of the XNNPACK delegate.
const (
	// XNNPACKSigned enables kernels for int8 tensors.
	XNNPACKSigned = 1
	// XNNPACKUnsigned enables kernels for uint8 tensors.
	XNNPACKUnsigned = 2
	// XNNPACKForceFP16 computes float32 models in half precision.
	XNNPACKForceFP16 = 4
)

// XNNPACKLayout returns the layout that a runtime version uses.
func XNNPACKLayout(version string) int {
	switch m := minor(version); {
	case m < 0, m == 19, m > 20:
		return XNNPACKDefaults
	case m <= 18:
		return XNNPACKv1
	}
	return XNNPACKv2
}
