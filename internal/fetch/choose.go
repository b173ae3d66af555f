package fetch

import (
	"context"
	"fmt"
	"strings"

	thirdparty "github.com/gocoral/coral/third_party"
)

// choose finds the library of a request, without its path.
func (f *Fetcher) choose(ctx context.Context, r Request) (Library, error) {
	platform, libc := f.Host, ""
	var err error
	if r.Platform != "" {
		platform, err = thirdparty.ParsePlatform(r.Platform)
	} else if f.Host.OS == "linux" {
		libc, err = hostGLIBC(ctx)
	}
	if err != nil {
		return Library{}, err
	}
	if r.Version != "" {
		return f.chooseVersion(r.Version, platform, libc)
	}
	return f.chooseDefault(platform, libc)
}

func (f *Fetcher) chooseVersion(version string, p thirdparty.Platform, libc string) (Library, error) {
	r, err := thirdparty.FindRuntime(f.Runtimes, version)
	if err != nil {
		return Library{}, err
	}
	b, ok := r.Build(p)
	if !ok {
		return Library{}, f.noBuild(r, p)
	}
	if older(libc, b.GLIBC) {
		return Library{}, fmt.Errorf("TensorFlow Lite %s needs glibc %s and this machine has %s: leave out the version, or name --platform %s to fetch it for another machine", version, b.GLIBC, libc, p)
	}
	return Library{Runtime: r, Build: b}, nil
}

// chooseDefault takes the first version, in the manifest's order, that the C
// library can load.
func (f *Fetcher) chooseDefault(p thirdparty.Platform, libc string) (Library, error) {
	var best *Library
	for _, r := range f.Runtimes {
		b, ok := r.Build(p)
		if !ok {
			continue
		}
		if best == nil {
			best = &Library{Runtime: r, Build: b}
		}
		if older(libc, b.GLIBC) {
			continue
		}
		if r.Version != best.Runtime.Version {
			f.notef("glibc %s is older than the %s of TensorFlow Lite %s: using %s", libc, best.Build.GLIBC, best.Runtime.Version, r.Version)
		}
		return Library{Runtime: r, Build: b}, nil
	}
	if best == nil {
		return Library{}, f.noPlatform(p)
	}
	return Library{}, fmt.Errorf("TensorFlow Lite %s needs glibc %s, this machine has %s, and there is no older version for %s: upgrade the system (Debian 12 has 2.36)", best.Runtime.Version, best.Build.GLIBC, libc, p)
}

// noBuild is the error for a version that leaves a platform out.
func (f *Fetcher) noBuild(r thirdparty.Runtime, p thirdparty.Platform) error {
	var have []string
	for _, other := range f.Runtimes {
		if _, ok := other.Build(p); ok {
			have = append(have, other.Version)
		}
	}
	if have == nil {
		return f.noPlatform(p)
	}
	return fmt.Errorf("there is no TensorFlow Lite %s for %s; use %s", r.Version, p, strings.Join(have, " or "))
}

func (f *Fetcher) noPlatform(p thirdparty.Platform) error {
	var have []string
	seen := map[thirdparty.Platform]bool{}
	for _, r := range f.Runtimes {
		for _, q := range r.Platforms() {
			if !seen[q] {
				have = append(have, q.String())
			}
			seen[q] = true
		}
	}
	return fmt.Errorf("there is no TensorFlow Lite for %s, only for %s: build libtensorflowlite_c yourself, and let CORAL_TFLITE_LIB name it", p, strings.Join(have, ", "))
}
