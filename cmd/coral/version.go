package main

import (
	"cmp"
	"context"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral/tflite"
)

func (a *app) versionCommand() *cobra.Command {
	return a.does(&cobra.Command{
		Use:   "version",
		Short: "Print the versions of this command and of the libraries it uses",
		Long: `Print the versions of this command, of the TensorFlow Lite and of the libedgetpu that it
finds, with the files of both. An environment variable, ` + tflite.LibraryVariable + `, names another
TensorFlow Lite.

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
	// TFLite is the version of the library that models run on, "" if there is none.
	TFLite string `json:"tflite"`
	// TFLitePath is its file, "" where the system does not tell.
	TFLitePath string `json:"tflite_path"`
	// TFLiteSource is how it was found, such as "in the cache folder".
	TFLiteSource tflite.RuntimeSource `json:"tflite_source"`
	// TFLiteError is why there is none, "" if there is one.
	TFLiteError string `json:"tflite_error,omitempty"`
	XNNPACK     bool   `json:"xnnpack"`
	// CPUMissing are the features that TensorFlow Lite needs and this CPU lacks.
	CPUMissing []string      `json:"cpu_missing"`
	EdgeTPU    libraryAnswer `json:"libedgetpu"`
	Go         string        `json:"go"`
	OS         string        `json:"os"`
	Arch       string        `json:"arch"`
}

func (a *app) version(ctx context.Context, _ []string) error {
	library, err := tflite.Runtime()
	v := versionOutput{
		Version: cliVersion(), Revision: revision(),
		TFLite: library.Version, TFLitePath: library.Path, TFLiteSource: library.Source,
		TFLiteError: errorText(err), XNNPACK: tflite.HasXNNPACK(),
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
		[]string{"TensorFlow Lite", either(err == nil, join(", ", v.TFLite, v.TFLitePath, string(v.TFLiteSource)), "none: "+v.TFLiteError)},
		[]string{"XNNPACK", either(v.XNNPACK, "yes", "no")},
		[]string{"libedgetpu", cmp.Or(join(", ", v.EdgeTPU.Version, v.EdgeTPU.Path), "none: "+v.EdgeTPU.Error)},
		[]string{"Go", v.Go},
		[]string{"platform", v.OS + "/" + v.Arch}))
	return nil
}

// errorText is "" for no error.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
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
