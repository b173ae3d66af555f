package bench

import (
	"os"
	"slices"
	"strings"
)

// telling are the features of a CPU that decide which of XNNPACK's kernels run, in
// the words of /proc/cpuinfo, the best first.
var telling = []string{"avx512_vnni", "avx512f", "avx_vnni", "avx2", "i8mm", "asimddp", "asimd"}

// CPU names the processor as /proc/cpuinfo does, which for a virtual machine may be
// little more than the maker: hence the numbers and a feature.
func CPU() string {
	info := map[string]string{}
	file, _ := os.ReadFile("/proc/cpuinfo") // none: not Linux
	for text := range strings.Lines(string(file)) {
		key, value, _ := strings.Cut(text, ":")
		info[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	name := info["model name"]
	if name == "" {
		name = "unknown CPU"
	}
	if family, model := info["cpu family"], info["model"]; family != "" {
		name += " (family " + family + ", model " + model + ")"
	}
	has := strings.Fields(info["flags"] + " " + info["Features"])
	if k := slices.IndexFunc(telling, func(f string) bool { return slices.Contains(has, f) }); k >= 0 {
		name += " with " + telling[k]
	}
	return name
}
