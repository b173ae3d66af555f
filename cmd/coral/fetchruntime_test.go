package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/fetch/fetchtest"
)

// fetching runs coral fetch-runtime on a machine of [fetchtest].
func fetching(w *fetchtest.World, args ...string) result {
	var stdout, stderr bytes.Buffer
	a := newApp(strings.NewReader(""), &stdout, &stderr)
	a.fetcher = &w.Fetcher
	status := a.run(append([]string{"fetch-runtime"}, args...))
	return result{status, stdout.String(), stderr.String()}
}

func TestFetchRuntime(t *testing.T) {
	w := fetchtest.New(t)
	lib := w.Library("2.17.1", "linux_amd64")
	want := result{stdout: "fetching package-2.17.1 1.0 with pip\n" +
		"TensorFlow Lite 2.17.1 for linux/amd64: " + lib + "\nprograms find it there by themselves\n"}
	assert.Equal(t, want, fetching(w))
	assert.Equal(t, fetchtest.Content("2.17.1", "linux_amd64"), w.Read(lib))

	w.Remove("python3", "npm", "mvn", "go")
	want.stdout = strings.TrimPrefix(want.stdout, "fetching package-2.17.1 1.0 with pip\n")
	assert.Equal(t, want, fetching(w), "what is there is not fetched again")
}

func TestFetchRuntimeJSON(t *testing.T) {
	w := fetchtest.New(t)
	r := fetching(w, "--version", "2.9.0", "--platform", "linux/arm64", "--root", "r", "--json")
	require.Zero(t, r.status, r.stderr)
	assert.Empty(t, r.stderr)
	path, err := filepath.Abs("r/lib/2.9.0/linux_arm64/libtensorflowlite_c.so")
	require.NoError(t, err)
	var out fetchRuntimeOutput
	decode(t, r.stdout, &out)
	assert.Equal(t, fetchRuntimeOutput{"2.9.0", "linux", "arm64", path}, out)
	assert.FileExists(t, path)
	assert.Contains(t, fetching(w, "--json", "--verbose").stderr, "fetching package-2.17.1")
}

func TestFetchRuntimeInto(t *testing.T) {
	w := fetchtest.New(t)
	r := fetching(w, "--into", "bundle/lib", "--version", "2.20.0")
	require.Zero(t, r.status, r.stderr)
	assert.Contains(t, r.stdout, "programs find it beside them")
	assert.Equal(t, []string{"lib/libtensorflowlite_c.so"}, w.Files("bundle"))
	assert.Empty(t, w.Files(w.Cache))
}

func TestFetchRuntimeFailures(t *testing.T) {
	tests := map[string]struct {
		prepare func(t *testing.T, w *fetchtest.World)
		args    []string
		says    string
	}{
		"no pip": {func(_ *testing.T, w *fetchtest.World) { w.Remove("python3") }, nil, "pip not found: apt-get install python3-pip, or install Python 3 with pip\n"},
		"no npm": {func(_ *testing.T, w *fetchtest.World) { w.Remove("npm") }, []string{"--version", "2.9.0"}, "npm not found: apt-get install npm"},
		"no mvn": {func(_ *testing.T, w *fetchtest.World) { w.Remove("mvn") }, []string{"--version", "2.20.0"}, "mvn not found: apt-get install maven"},
		"no network": {func(_ *testing.T, w *fetchtest.World) {
			w.Program("python3", "echo 'x: Name or service not known'; exit 1")
		}, nil, "check the network and the registry"},
		"version":  {nil, []string{"--version", "3"}, "there are 2.17.1, 2.9.0, 2.20.0\n"},
		"platform": {nil, []string{"--platform", "linux"}, "write os/arch, as in linux/arm64"},
		"folder":   {func(_ *testing.T, w *fetchtest.World) { w.Put("occupied", "") }, []string{"--into", "occupied"}, "not a directory; choose a folder that you may write to\n"},
		"tampered": {
			func(_ *testing.T, w *fetchtest.World) {
				w.Put(filepath.Join(w.Served, "2.9.0_linux_amd64.tgz"), "other")
			},
			[]string{"--version", "2.9.0"},
			"refused, and nothing written",
		},
		"no home": {func(t *testing.T, _ *fetchtest.World) {
			t.Setenv("HOME", "")
			t.Setenv("XDG_CACHE_HOME", "")
		}, nil, "name a folder with --root, or fetch the bare library into one with --into"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := fetchtest.New(t)
			if test.prepare != nil {
				test.prepare(t, w)
			}
			r := fetching(w, test.args...)
			assert.Equal(t, statusFailed, r.status)
			requireLine(t, r.stderr)
			assert.Contains(t, r.stderr, test.says)
			assert.Empty(t, w.Files(w.Cache))
		})
	}
}

func TestFetchRuntimeCompletion(t *testing.T) {
	t.Parallel()
	complete := func(args ...string) string {
		return coralCommand(t, append([]string{"__complete", "fetch-runtime"}, args...)...).stdout
	}
	assert.Contains(t, complete("--version", ""), "2.17.1\n2.9.0\n2.20.0\n")
	assert.Contains(t, complete("--platform", ""), "linux/amd64\nlinux/arm64\nlinux/arm\n")
	const folders = ":16\n"
	assert.Contains(t, complete("--into", ""), folders)
	assert.Contains(t, complete("--root", ""), folders)
}

// The help names what downloads which version.
func TestFetchRuntimeHelpAgreesWithTheManifest(t *testing.T) {
	t.Parallel()
	a := newApp(nil, nil, nil)
	names := map[string]string{"pip": "pip", "npm": "npm", "mvn": "Apache Maven"}
	text := strings.Join(strings.Fields(a.fetchRuntimeCommand().Long), " ")
	for _, r := range a.fetcher.Runtimes {
		assert.Contains(t, text, names[string(r.Client)]+" ("+r.Version+")")
	}
}
