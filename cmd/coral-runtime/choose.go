package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	thirdparty "github.com/gocoral/coral/third_party"
)

// target is which library of which version a command is about.
type target struct {
	runtime thirdparty.Runtime
	build   thirdparty.Build
}

// selection is what the user said about it, and about where files are. All
// three texts may be empty.
type selection struct{ version, platform, root string }

func (s *selection) addTo(flags *flag.FlagSet) {
	flags.StringVar(&s.version, "version", os.Getenv("TFLITE"), "`version` of TensorFlow Lite (default: what suits this machine)")
	flags.StringVar(&s.platform, "platform", "", "`os/arch` the files are for, if not this machine")
	addRoot(flags, &s.root)
}

// flags repeats for another command what the user said, for a POSIX shell.
func (s *selection) flags() (text string) {
	for _, f := range []struct{ name, value string }{{"version", s.version}, {"platform", s.platform}, {"root", s.root}} {
		if f.value != "" {
			text += " --" + f.name + " " + quoteShell(f.value)
		}
	}
	return text
}

// resolve finds the place and the library that a command is about.
func (t *tool) resolve(ctx context.Context, s selection) (place, target, error) {
	where, err := findPlace(s.root)
	if err != nil {
		return place{}, target{}, err
	}
	what, err := t.choose(ctx, s)
	return where, what, err
}

// choose finds the library to use.
func (t *tool) choose(ctx context.Context, s selection) (target, error) {
	platform, libc := t.host, ""
	var err error
	if s.platform != "" {
		platform, err = thirdparty.ParsePlatform(s.platform)
	} else if t.host.OS == "linux" {
		libc, err = hostGLIBC(ctx)
	}
	if err != nil {
		return target{}, err
	}
	if s.version != "" {
		return t.chooseVersion(s.version, platform, libc)
	}
	return t.chooseDefault(platform, libc)
}

func (t *tool) chooseVersion(version string, p thirdparty.Platform, libc string) (target, error) {
	r, err := thirdparty.FindRuntime(t.runtimes, version)
	if err != nil {
		return target{}, err
	}
	b, ok := r.Build(p)
	if !ok {
		return target{}, t.noBuild(r, p)
	}
	if older(libc, b.GLIBC) {
		return target{}, fmt.Errorf("TensorFlow Lite %s needs glibc %s and this machine has %s: leave out the version, or name --platform %s to fetch it for another machine", version, b.GLIBC, libc, p)
	}
	return target{r, b}, nil
}

// chooseDefault takes the first version, in the manifest's order, that the C
// library can load.
func (t *tool) chooseDefault(p thirdparty.Platform, libc string) (target, error) {
	var best *target
	for _, r := range t.runtimes {
		b, ok := r.Build(p)
		if !ok {
			continue
		}
		if best == nil {
			best = &target{r, b}
		}
		if older(libc, b.GLIBC) {
			continue
		}
		if r.Version != best.runtime.Version {
			t.notef("glibc %s is older than the %s of TensorFlow Lite %s: using %s", libc, best.build.GLIBC, best.runtime.Version, r.Version)
		}
		return target{r, b}, nil
	}
	if best == nil {
		return target{}, t.noPlatform(p)
	}
	return target{}, fmt.Errorf("TensorFlow Lite %s needs glibc %s, this machine has %s, and there is no older version for %s: upgrade the system (Debian 12 has 2.36)", best.runtime.Version, best.build.GLIBC, libc, p)
}

// noBuild is the error for a version that leaves a platform out.
func (t *tool) noBuild(r thirdparty.Runtime, p thirdparty.Platform) error {
	var have []string
	for _, other := range t.runtimes {
		if _, ok := other.Build(p); ok {
			have = append(have, other.Version)
		}
	}
	if have == nil {
		return t.noPlatform(p)
	}
	return fmt.Errorf("there is no TensorFlow Lite %s for %s; use %s", r.Version, p, strings.Join(have, " or "))
}

func (t *tool) noPlatform(p thirdparty.Platform) error {
	var have []string
	seen := map[thirdparty.Platform]bool{}
	for _, r := range t.runtimes {
		for _, q := range r.Platforms() {
			if !seen[q] {
				have = append(have, q.String())
			}
			seen[q] = true
		}
	}
	return fmt.Errorf("there is no TensorFlow Lite for %s, only for %s: build libtensorflowlite_c yourself and set CGO_LDFLAGS", p, strings.Join(have, ", "))
}

var errMusl = errors.New("this system's C library is musl (Alpine?) and the runtimes need glibc: use a Debian or Ubuntu system or image, or name --platform to fetch for another machine")

// hostGLIBC returns the version of the machine's C library, as in "2.36", and
// nothing if it cannot be found out: then the library is taken to be new.
func hostGLIBC(ctx context.Context) (string, error) {
	for _, ask := range [][]string{{"getconf", "GNU_LIBC_VERSION"}, {"ldd", "--version"}} {
		out, err := runIn(ctx, "", ask[0], ask[1:]...)
		if strings.Contains(out, "musl") {
			return "", errMusl
		}
		if version := lastField(out); err == nil && parseVersion(version) != nil {
			return version, nil
		}
	}
	if musl, _ := filepath.Glob("/lib/ld-musl-*"); musl != nil {
		return "", errMusl
	}
	return "", nil
}

// lastField returns the last word of the first line: both programs end that
// line with the version.
func lastField(out string) string {
	line, _, _ := strings.Cut(out, "\n")
	if fields := strings.Fields(line); len(fields) > 0 {
		return fields[len(fields)-1]
	}
	return ""
}

// older reports whether version have is below need. What is not known is not
// older.
func older(have, need string) bool {
	h, n := parseVersion(have), parseVersion(need)
	if h == nil || n == nil {
		return false
	}
	return h[0] < n[0] || h[0] == n[0] && h[1] < n[1]
}

// parseVersion reads "2.34" as its two numbers, and gives nil for anything else.
func parseVersion(s string) []int {
	major, minor, _ := strings.Cut(s, ".")
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	if errA != nil || errB != nil {
		return nil
	}
	return []int{a, b}
}
