package edgetpu

import (
	"context"
	"io/fs"
)

// The seams of a diagnosis, for the tests.

func WithSystem(system fs.FS) DiagnoseOption {
	return diagnoseOption(func(d *diagnosis) { d.system = system })
}

func WithPlatform(goos, goarch string) DiagnoseOption {
	return diagnoseOption(func(d *diagnosis) { d.goos, d.goarch = goos, goarch })
}

func WithUser(uid int, groups ...int) DiagnoseOption {
	return diagnoseOption(func(d *diagnosis) { d.uid, d.groups = uid, groups })
}

func WithPageSize(bytes int) DiagnoseOption {
	return diagnoseOption(func(d *diagnosis) { d.pageSize = bytes })
}

func WithEnvironment(env map[string]string) DiagnoseOption {
	return diagnoseOption(func(d *diagnosis) { d.getenv = func(name string) string { return env[name] } })
}

// WhyDeclined explains a failed opening of the device.
func WhyDeclined(ctx context.Context, d Device) error { return whyDeclined(ctx, d.Path) }

var ParseRuntimeVersion = parseRuntimeVersion
