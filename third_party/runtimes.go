package thirdparty

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

//go:embed runtimes.json
var runtimesJSON []byte

// Client names the package manager whose own command fetches a package.
type Client string

// The clients in use.
const (
	Pip   Client = "pip" // Python wheels, by pip download
	Npm   Client = "npm" // Node packages, by npm pack
	Maven Client = "mvn" // Java archives, by mvn dependency:copy
	// GoModules are fetched by go mod download. No runtime comes so.
	GoModules Client = "go"
)

// Parcel is one file of a public package that is not a Go module.
type Parcel struct {
	// Tag is how the package manager calls the platform: a wheel's platform tag or a
	// Maven classifier. It is empty where one archive serves all.
	Tag string `json:"tag,omitempty"`
	// Python is the tag of the one Python that a wheel is for, as in "cp311", and empty
	// for a wheel for any. Nothing here runs what it holds.
	Python string `json:"python,omitempty"`
	// Archive is the file name that the package manager saves the package under, and
	// ArchiveSHA256 the hash of that file in lower-case hexadecimal.
	Archive       string `json:"archive,omitempty"`
	ArchiveSHA256 string `json:"archive_sha256,omitempty"`
}

// Runtime is one version of the native TensorFlow Lite library and the public
// package that carries it.
type Runtime struct {
	// Version is what TfLiteVersion answers, as in "2.17.1".
	Version string `json:"version"`
	// Default is true for the one version that is used unless another is asked for.
	Default bool `json:"default,omitempty"`
	// Client fetches Package at exactly PackageVersion.
	Client         Client `json:"client"`
	Package        string `json:"package"`
	PackageVersion string `json:"package_version"`
	// Licence is the SPDX identifier of the library and of its package.
	Licence string `json:"licence"`
	// Headers is the folder inside the archives that holds TensorFlow's own C
	// headers, empty where the package has none. This module does not need them.
	Headers string `json:"headers,omitempty"`
	// About says in a few words what the version is for.
	About string `json:"about"`
	// Builds has one entry for each platform.
	Builds []Build `json:"builds"`
}

// Build is the library of a [Runtime] for one platform.
type Build struct {
	Platform
	Parcel
	// Member is the path of the library inside the archive.
	Member string `json:"member"`
	// Library is the file name that the linker and the loader look for.
	Library       string `json:"library"`
	LibrarySHA256 string `json:"library_sha256"`
	// LibrarySize is in bytes.
	LibrarySize int64 `json:"library_size"`
	// GLIBC is the oldest C library the build starts on, as in "2.34"; empty
	// outside Linux.
	GLIBC string `json:"glibc,omitempty"`
	// Note is a limitation of this build, if it has one.
	Note string `json:"note,omitempty"`
}

// Runtimes returns all native runtimes, in order of preference: the default
// first, then the one to fall back to on older systems.
func Runtimes() []Runtime {
	var manifest struct{ Runtimes []Runtime }
	mustDecode(runtimesJSON, &manifest)
	return manifest.Runtimes
}

// RuntimeByVersion returns the runtime whose version is exactly the one given.
// An unknown version gives an error that wraps [ErrUnknown] and lists those that
// there are.
func RuntimeByVersion(version string) (Runtime, error) {
	return FindRuntime(Runtimes(), version)
}

// FindRuntime is [RuntimeByVersion] on a list of the caller's.
func FindRuntime(runtimes []Runtime, version string) (Runtime, error) {
	i := slices.IndexFunc(runtimes, func(r Runtime) bool { return r.Version == version })
	if i < 0 {
		return Runtime{}, fmt.Errorf("TensorFlow Lite %s: %w; there are %s", version, ErrUnknown, versions(runtimes))
	}
	return runtimes[i], nil
}

// Build returns the runtime's library for a platform; false if there is none.
func (r Runtime) Build(p Platform) (Build, bool) {
	i := slices.IndexFunc(r.Builds, func(b Build) bool { return b.Platform == p })
	if i < 0 {
		return Build{}, false
	}
	return r.Builds[i], true
}

// Platforms returns the platforms that the runtime has a library for.
func (r Runtime) Platforms() []Platform {
	platforms := make([]Platform, len(r.Builds))
	for i, b := range r.Builds {
		platforms[i] = b.Platform
	}
	return platforms
}

func versions(runtimes []Runtime) string {
	names := make([]string, len(runtimes))
	for i, r := range runtimes {
		names[i] = r.Version
	}
	return strings.Join(names, ", ")
}

// mustDecode panics on a broken manifest: it is part of the program, not input.
func mustDecode(data []byte, into any) {
	if err := json.Unmarshal(data, into); err != nil {
		panic(fmt.Sprintf("thirdparty: embedded manifest: %v", err))
	}
}
