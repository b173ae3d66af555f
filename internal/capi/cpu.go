package capi

import (
	"runtime"

	"golang.org/x/sys/cpu"
)

// platform is a build of the runtime.
type platform struct{ version, os, arch string }

// feature is a part of an instruction set.
type feature struct {
	name    string
	present bool
}

// needed tells what the builds of third_party/runtimes.json need beyond the baseline of
// their architecture, without looking before they use it. Linux 2.17.1 was compiled for
// SSE4.2: on a processor without (qemu's qemu64, core2duo and Penryn) it ends in
// TfLiteInterpreterCreate, by pmovsxdq or pcmpgtq. 2.9.0, 2.20.0 and the builds for
// Windows run on all of them, and choose faster kernels where the processor has more.
// The build of 2.17.1 for ARMv7 says in its attributes that it is for NEON with fused
// multiply-add, which Cortex-A8 and A9 lack.
func needed() map[platform][]feature {
	return map[platform][]feature{
		{"2.17.1", "linux", "amd64"}: {
			{"SSE3", cpu.X86.HasSSE3},
			{"SSSE3", cpu.X86.HasSSSE3},
			{"SSE4.1", cpu.X86.HasSSE41},
			{"SSE4.2", cpu.X86.HasSSE42},
			{"POPCNT", cpu.X86.HasPOPCNT},
		},
		{"2.17.1", "linux", "arm"}: {
			{"NEON", cpu.ARM.HasNEON},
			{"VFPv4", cpu.ARM.HasVFPv4},
		},
	}
}

// MissingCPUFeatures returns what a version of the runtime needs and the processor lacks.
func MissingCPUFeatures(version string) []string {
	return missing(needed()[platform{version, runtime.GOOS, runtime.GOARCH}])
}

// CPUAdvice says what to do where something is missing: each of it suffices.
func CPUAdvice() []string { return adviceFor(runtime.GOARCH) }

func adviceFor(arch string) []string {
	if arch == "amd64" {
		return []string{"take runtime 2.20.0 or 2.9.0", "in a virtual machine choose a CPU type that has it, such as host"}
	}
	return []string{"take another board", "take a runtime that was built for this one"}
}

func missing(features []feature) []string {
	var names []string
	for _, f := range features {
		if !f.present {
			names = append(names, f.name)
		}
	}
	return names
}
