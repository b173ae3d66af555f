package main

import (
	"cmp"
	"context"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral/tflite"
)

func (a *app) versionCommand() *cobra.Command {
	return a.does(&cobra.Command{
		Use:   "version",
		Short: "Print the versions of this command and of the libraries it uses",
		Long: `Print the versions of this command, of the TensorFlow Lite that it is linked to and of the
libedgetpu that it would load, with the files of both.

libedgetpu is loaded in a process of its own, in case it crashes.`,
		Example: `  coral version
  coral version --json`,
		Args: noArguments,
	}, a.version)
}

// versionOutput is the JSON of coral version.
type versionOutput struct {
	Version string `json:"version"`
	// Revision is the commit it was built from, "" if unknown, with "+" if there
	// were changes besides.
	Revision string `json:"revision"`
	// TFLite is the version of the linked runtime, "" if built without cgo.
	TFLite string `json:"tflite"`
	// TFLitePath is its file, "" where the system does not tell.
	TFLitePath string `json:"tflite_path"`
	XNNPACK    bool   `json:"xnnpack"`
	// CPUMissing are the features that TensorFlow Lite needs and this CPU lacks.
	CPUMissing []string      `json:"cpu_missing"`
	EdgeTPU    libraryAnswer `json:"libedgetpu"`
	Go         string        `json:"go"`
	OS         string        `json:"os"`
	Arch       string        `json:"arch"`
}

func (a *app) version(ctx context.Context, _ []string) error {
	v := versionOutput{
		Version: cliVersion(), Revision: revision(),
		TFLite: tflite.Version(), TFLitePath: tflitePath(), XNNPACK: tflite.HasXNNPACK(),
		CPUMissing: append([]string{}, tflite.MissingCPUFeatures()...),
		EdgeTPU:    askLibrary(ctx, a.libraries()),
		Go:         runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
	if a.asJSON {
		return a.printJSON(v)
	}
	rows := [][]string{{"coral", v.Version}}
	if v.Revision != "" {
		rows = append(rows, []string{"commit", v.Revision})
	}
	a.table(append(rows,
		[]string{"TensorFlow Lite", either(v.TFLite != "", join(", ", v.TFLite, v.TFLitePath, cpuText(v.CPUMissing)), "none, built without cgo")},
		[]string{"XNNPACK", either(v.XNNPACK, "yes", "no")},
		[]string{"libedgetpu", cmp.Or(join(", ", v.EdgeTPU.Version, v.EdgeTPU.Path), "none: "+v.EdgeTPU.Error)},
		[]string{"Go", v.Go},
		[]string{"platform", v.OS + "/" + v.Arch}))
	return nil
}

// cpuText is "" for a CPU that lacks nothing.
func cpuText(missing []string) string {
	if len(missing) == 0 {
		return ""
	}
	return "which cannot run here: the CPU lacks " + strings.Join(missing, ", ")
}

func either(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

// cliVersion is what the Go command recorded at build time.
func cliVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	settings := make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	return settings["vcs.revision"] + either(settings["vcs.modified"] == "true", "+", "")
}
