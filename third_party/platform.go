package thirdparty

import (
	"errors"
	"fmt"
	"strings"
)

// ErrUnknown is wrapped by the errors for a version, platform or name that the
// manifest does not have.
var ErrUnknown = errors.New("not in the manifest")

// Platform is an operating system and a processor architecture, named as GOOS
// and GOARCH name them. The only 32-bit ARM there is a build for is ARMv7 with
// hard float; its Arch is "arm".
type Platform struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
}

// ParsePlatform reads "linux/arm64". 32-bit ARM may be written as containers
// write it, "linux/arm/v7", or "linux/armv7". A text of another form gives an
// error that wraps [ErrUnknown]; whether a runtime exists for the platform is
// for [Runtime.Build] to say.
func ParsePlatform(s string) (Platform, error) {
	os, arch, ok := strings.Cut(s, "/")
	if arch == "arm/v7" || arch == "armv7" {
		arch = "arm"
	}
	if !ok || os == "" || arch == "" || strings.Contains(arch, "/") {
		return Platform{}, fmt.Errorf("platform %q: %w; write os/arch, as in linux/arm64", s, ErrUnknown)
	}
	return Platform{OS: os, Arch: arch}, nil
}

// String returns the platform as "linux/arm64".
func (p Platform) String() string { return p.OS + "/" + p.Arch }

// Dir returns the name of the folder that holds files for the platform, as in
// "linux_arm64".
func (p Platform) Dir() string { return p.OS + "_" + p.Arch }
