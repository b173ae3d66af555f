package edgetpu

import (
	"context"
	"io/fs"
)

// The seams of a diagnosis, for the tests.

func WithSystem(system fs.FS) DiagnoseOption {
	return diagnoseOption(func(d *diagnosis) error {
		d.system = system
		return nil
	})
}

func WithPlatform(goos, goarch string) DiagnoseOption {
	return diagnoseOption(func(d *diagnosis) error {
		d.goos, d.goarch = goos, goarch
		return nil
	})
}

func WithUser(uid int, groups ...int) DiagnoseOption {
	return diagnoseOption(func(d *diagnosis) error {
		d.uid, d.groups = uid, groups
		return nil
	})
}

func WithPageSize(bytes int) DiagnoseOption {
	return diagnoseOption(func(d *diagnosis) error {
		d.pageSize = bytes
		return nil
	})
}

func WithEnvironment(env map[string]string) DiagnoseOption {
	return diagnoseOption(func(d *diagnosis) error {
		d.getenv = func(name string) string { return env[name] }
		return nil
	})
}

// WhyDeclined explains a failed opening of the device.
func WhyDeclined(ctx context.Context, d Device) error { return whyDeclined(ctx, d.Path) }

var ParseRuntimeVersion = parseRuntimeVersion
