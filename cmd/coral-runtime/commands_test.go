package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/fetch/fetchtest"
)

func TestExitStatus(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{{"-h"}, {"help"}, {"fetch", "-h"}, {"models", "--help"}} {
		r := w.run(t, args...)
		assert.Zero(t, r.status, args)
		assert.NotEmpty(t, r.out, args)
		assert.Empty(t, r.errOut, args)
	}
	for _, args := range [][]string{{}, {"bogus"}, {"fetch", "--bogus"}, {"fetch", "word"}, {"fetch", "--root", "a", "--into", "b"}, {"fetch", "--into", ""}, {"path", "--into", "b"}, {"install"}, {"list", "--json=maybe"}, {"models", "["}} {
		w.run(t, args...).oneLineSaying(t, 2, "run coral-runtime -h")
	}
}

func TestRunUsesTheRealManifest(t *testing.T) {
	var out, errOut bytes.Buffer
	require.Zero(t, run([]string{"list", "--root", t.TempDir()}, &out, &errOut), errOut.String())
	for _, want := range []string{"2.17.1 (default)", "linux/arm ", "pymicro-wakeword 2.5.0 (pip)", "Apache-2.0", "absent"} {
		assert.Contains(t, out.String(), want)
	}
}

func TestFetch(t *testing.T) {
	w := newWorld(t)
	lib := w.Library("2.17.1", "linux_amd64")
	assert.Equal(t, "TensorFlow Lite 2.17.1 for linux/amd64: "+lib+"\nprograms find it there by themselves\n", w.done(t, "fetch"))
	assert.Equal(t, fetchtest.Content("2.17.1", "linux_amd64"), w.Read(lib))

	out := w.done(t, "fetch", "--into", "bundle/lib", "--platform", "linux/arm64")
	assert.Contains(t, out, "for linux/arm64: bundle/lib/libtensorflowlite_c.so\nprograms find it beside them")
	assert.Equal(t, []string{"lib/libtensorflowlite_c.so"}, w.Files("bundle"))

	out = w.done(t, "fetch", "--root", "r")
	assert.Contains(t, out, "CORAL_TFLITE_LIB")
	assert.FileExists(t, "r/lib/2.17.1/linux_amd64/libtensorflowlite_c.so")
	r := w.run(t, "fetch", "--version", "2.9.0")
	assert.Equal(t, "coral-runtime: fetching package-2.9.0 1.0 with npm\n", r.errOut)

	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	w.run(t, "fetch").oneLineSaying(t, 1, "no cache folder", "--root", "--into")
}

// A checkout is built and tested with what is in the cache, as any other module.
func TestFetchInACheckout(t *testing.T) {
	w := newWorld(t)
	dir := w.checkout(t)
	before := w.Files(dir)
	assert.Equal(t, "TensorFlow Lite 2.17.1 for linux/amd64: "+w.Library("2.17.1", "linux_amd64")+"\n", w.done(t, "fetch"))
	assert.Equal(t, before, w.Files(dir))
	w.done(t, "fetch", "--root", dir)
	assert.FileExists(t, filepath.Join(dir, "lib", "2.17.1", "linux_amd64", "libtensorflowlite_c.so"))
}

func TestFetchDefaultAndEnvironment(t *testing.T) {
	w := newWorld(t)
	assert.Contains(t, w.done(t, "fetch"), "2.17.1")
	t.Setenv("TFLITE", "2.20.0")
	assert.Contains(t, w.done(t, "fetch"), "2.20.0")
	assert.Contains(t, w.done(t, "fetch", "--version", "2.9.0"), "2.9.0", "the flag is stronger")
}

func TestInterrupted(t *testing.T) {
	w := newWorld(t)
	w.Program("python3", "exit 1")
	var out, errOut bytes.Buffer
	w.tool.stdout, w.tool.stderr = &out, &errOut
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result{w.tool.run(ctx, []string{"fetch"}), out.String(), errOut.String()}.oneLineSaying(t, 1, "interrupted")
}

func TestPath(t *testing.T) {
	w := newWorld(t)
	w.run(t, "path", "--version", "2.9.0").oneLineSaying(t, 1, "2.9.0 for linux/amd64 is absent: run coral-runtime fetch --version '2.9.0' first")
	w.done(t, "fetch", "--version", "2.9.0")
	w.done(t, "fetch")
	assert.Equal(t, w.Library("2.9.0", "linux_amd64")+"\n", w.done(t, "path", "--version", "2.9.0"))
	assert.Equal(t, w.Library("2.17.1", "linux_amd64")+"\n", w.done(t, "path"))
	t.Setenv("TFLITE", "2.9.0")
	assert.Equal(t, w.Library("2.9.0", "linux_amd64")+"\n", w.done(t, "path"))

	w.done(t, "fetch", "--root", "r", "--platform", "linux/arm64")
	path, err := filepath.Abs("r/lib/2.9.0/linux_arm64/libtensorflowlite_c.so")
	require.NoError(t, err)
	assert.Equal(t, path+"\n", w.done(t, "path", "--root", "r", "--platform", "linux/arm64"))

	w.Put(w.Library("2.9.0", "linux_amd64"), "rubbish")
	w.run(t, "path").oneLineSaying(t, 1, "is damaged: run coral-runtime fetch --version '2.9.0' first")
	w.run(t, "path", "--version", "1").oneLineSaying(t, 2, "there are 2.17.1, 2.9.0, 2.20.0")
}

func TestVerify(t *testing.T) {
	w := newWorld(t)
	checkout := w.checkout(t)
	assert.Equal(t, "0 files checked\n", w.done(t, "verify"))

	w.done(t, "fetch")
	w.done(t, "models")
	out := w.done(t, "verify")
	assert.Contains(t, out, "ok "+w.Library("2.17.1", "linux_amd64")+"\n")
	assert.Contains(t, out, "ok third_party/models/b.txt\n")
	assert.Contains(t, out, "4 files checked\n")

	w.Put(filepath.Join(checkout, "third_party", "models", "b.txt"), "changed")
	r := w.run(t, "verify")
	assert.Equal(t, 1, r.status)
	assert.Contains(t, r.errOut, "b.txt has sha256 "+fetchtest.Sum("changed"))
	assert.Contains(t, r.errOut, "coral-runtime: 1 of 4 files are not what the manifest says: fetch them again\n")
}

func TestModels(t *testing.T) {
	w := newWorld(t)
	checkout := w.checkout(t)
	t.Chdir("internal") // any folder of the checkout will do
	models := filepath.Join(checkout, "third_party", "models")
	assert.Equal(t, "2 files in "+models+"\n", w.done(t, "models", "b.*"))
	assert.ElementsMatch(t, []string{"b.tflite", "b.txt"}, w.Files(models))
	assert.Equal(t, "go mod download -json example.org/models@v1.0.0\n", w.Read(w.Log))

	w.Remove("go") // what is there needs no go command
	w.done(t, "models", "b.txt")
	w.run(t, "models").oneLineSaying(t, 1, "go not found")
	w.run(t, "models", "a.tflite", "c").oneLineSaying(t, 1, `no file is called "c"; there are a.tflite, b.tflite, b.txt, c.png, d.tflite, e.json`)
}

func TestModelGroups(t *testing.T) {
	demo := []string{"a.tflite", "b.tflite", "b.txt"}
	for _, c := range []struct{ args, want []string }{
		{nil, demo},
		{[]string{"--group", "tasks"}, []string{"c.png"}},
		{[]string{"--group", "graphs"}, []string{"e.json"}},
		{[]string{"--all"}, append(demo, "c.png", "d.tflite")},
		{[]string{"?.png", "e.*"}, []string{"c.png", "e.json"}},
	} {
		w := newWorld(t)
		w.done(t, append([]string{"models", "--dir", "here"}, c.args...)...)
		assert.ElementsMatch(t, c.want, w.Files("here"), "%q", c.args)
		for _, name := range c.want {
			assert.Equal(t, "content of "+name, w.Read("here/"+name))
		}
	}
	w := newWorld(t)
	w.run(t, "models", "--group", "all").oneLineSaying(t, 2, `no group is called "all"; there are demo, tasks, more, graphs`)
	for _, args := range [][]string{{"--all", "a.tflite"}, {"--group", "tasks", "a.tflite"}, {"--all", "--group", "tasks"}} {
		w.run(t, append([]string{"models"}, args...)...).oneLineSaying(t, 2, "--group, --all and names exclude each other")
	}
}

func TestModelList(t *testing.T) {
	w := newWorld(t)
	w.done(t, "models", "--dir", "here", "c.png")
	out := w.done(t, "models", "--dir", "here", "--list")
	assert.Regexp(t, `(?m)^c.png +tasks +fetched +MIT +c 1.0 \(pip, 2 MB\) +about c.png$`, out)
	assert.Regexp(t, `(?m)^e.json +graphs +absent +MIT +@e/e 1.0 \(npm, 2 MB\)`, out)
	assert.Equal(t, []string{"c.png"}, w.Files("here"))
}

func TestModelsInAnotherFolder(t *testing.T) {
	w := newWorld(t)
	all := []string{"a.tflite", "b.tflite", "b.txt"}
	assert.Equal(t, "3 files in here/too\n", w.done(t, "models", "--dir", "here/too"))
	assert.ElementsMatch(t, all, w.Files("here/too"))

	w.Put("go.mod", "module "+modulePath+"/cmd/coral\n") // a nested module is not the checkout
	w.done(t, "models")
	assert.ElementsMatch(t, all, w.Files(filepath.Join(w.Cache, "models")))

	w.checkout(t)
	w.done(t, "models", "--root", "r")
	assert.ElementsMatch(t, all, w.Files("r/models"))
}

func TestModelsFailures(t *testing.T) {
	tests := map[string]struct {
		script string
		want   []string
	}{
		"go reports":    {`echo '{"Error": "dial tcp: lookup proxy: no such host"}'; exit 1`, []string{"go failed: no such host", "check the network"}},
		"go fails":      {"echo 'go: broken' >&2; exit 2", []string{"go failed: go: broken (exit status 2)"}},
		"wrong module":  {`echo '{"Dir": "/nowhere", "Sum": "h1:bad"}'`, []string{"has the sum h1:bad, the manifest says h1:good", "refused"}},
		"files missing": {`echo '{"Dir": "/nowhere", "Sum": "h1:good"}'`, []string{"no such file"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Program("go", test.script)
			w.run(t, "models").oneLineSaying(t, 1, test.want...)
			assert.Empty(t, w.Files(w.Cache))
		})
	}
	w := newWorld(t)
	w.Put(filepath.Join(w.Served, "module", "sub", "a.tflite"), "tampered with")
	w.run(t, "models").oneLineSaying(t, 1, "a.tflite has sha256 "+fetchtest.Sum("tampered with"), "refused")
}

func TestListJSON(t *testing.T) {
	w := newWorld(t)
	require.Zero(t, w.run(t, "fetch", "--version", "2.9.0").status)
	require.Zero(t, w.run(t, "fetch").status)
	w.Put(w.Library("2.20.0", "linux_amd64"), "rubbish")
	r := w.run(t, "list", "--json")
	require.Zero(t, r.status, r.errOut)
	states := map[string]string{}
	for line := range strings.Lines(r.out) {
		var object map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &object))
		states[object["version"].(string)+" "+object["os"].(string)+"/"+object["arch"].(string)] = object["state"].(string)
		for _, field := range []string{"default", "client", "package", "package_version", "licence", "glibc", "path"} {
			assert.Contains(t, object, field)
		}
	}
	assert.Equal(t, map[string]string{
		"2.17.1 linux/amd64": "fetched", "2.17.1 linux/arm64": "absent", "2.17.1 linux/arm": "absent",
		"2.9.0 linux/amd64": "fetched", "2.9.0 linux/arm64": "absent",
		"2.20.0 linux/amd64": "damaged",
	}, states)
}

// evaluated gives what a shell makes of env's output.
func evaluated(t *testing.T, lines, variable string) string {
	out, err := exec.Command("/bin/sh", "-c", lines+"printf %s \"$"+variable+"\"").Output()
	require.NoError(t, err)
	return string(out)
}

func TestEnv(t *testing.T) {
	w := newWorld(t)
	const root = "a folder"
	w.run(t, "env", "--root", root).oneLineSaying(t, 1, "2.17.1 for linux/amd64 is absent", "run coral-runtime fetch --root 'a folder'")
	w.done(t, "fetch", "--root", root)
	out := w.done(t, "env", "--root", root)

	dir, err := filepath.Abs(root + "/lib/2.17.1/linux_amd64")
	require.NoError(t, err)
	t.Setenv("CGO_LDFLAGS", "")
	t.Setenv("LD_LIBRARY_PATH", "")
	flags := `"-L` + dir + `" "-Wl,-rpath,` + dir + `" -ltensorflowlite_c`
	assert.Equal(t, flags, evaluated(t, out, "CGO_LDFLAGS"))
	assert.Equal(t, dir, evaluated(t, out, "LD_LIBRARY_PATH"))
	t.Setenv("CGO_LDFLAGS", "-g")
	t.Setenv("LD_LIBRARY_PATH", "/other")
	assert.Equal(t, flags+" -g", evaluated(t, out, "CGO_LDFLAGS"))
	assert.Equal(t, dir+":/other", evaluated(t, out, "LD_LIBRARY_PATH"))
}

func TestEnvForAnotherMachineHasNoRunPath(t *testing.T) {
	w := newWorld(t)
	require.Zero(t, w.run(t, "fetch", "--platform", "linux/arm64").status)
	r := w.run(t, "env", "--platform", "linux/arm64")
	require.Zero(t, r.status, r.errOut)
	assert.Contains(t, r.out, "-L")
	assert.NotContains(t, r.out, "rpath")
	assert.NotContains(t, r.out, "LD_LIBRARY_PATH")
}

func TestQuoting(t *testing.T) {
	assert.Equal(t, "-L/a", quoteFlag("-L/a"))
	assert.Equal(t, `"-L/a b's"`, quoteFlag("-L/a b's"))
	assert.Equal(t, `'-L/a "b"'`, quoteFlag(`-L/a "b"`))
	for _, word := range []string{"", "a b", "it's", `"$HOME" \`, "a\nb"} {
		assert.Equal(t, word, evaluated(t, "X="+quoteShell(word)+"\n", "X"))
	}
}

func TestInstall(t *testing.T) {
	w := newWorld(t)
	w.checkout(t)
	prefix := filepath.Join(t.TempDir(), "my prefix")
	r := w.run(t, "install", "--prefix", prefix)
	require.Zero(t, r.status, r.errOut)
	assert.ElementsMatch(t, []string{
		"include/tflite_c.h", "lib/libtensorflowlite_c.so", "lib/pkgconfig/tensorflowlite_c.pc",
	}, w.Files(prefix))
	assert.Equal(t, fetchtest.Content("2.17.1", "linux_amd64"), w.Read(filepath.Join(prefix, "lib", "libtensorflowlite_c.so")))
	assert.Equal(t, "/* header */\n", w.Read(filepath.Join(prefix, "include", header)))
	pc := w.Read(filepath.Join(prefix, "lib", "pkgconfig", "tensorflowlite_c.pc"))
	assert.Equal(t, "prefix="+strings.ReplaceAll(prefix, " ", `\ `)+`
libdir=${prefix}/lib
includedir=${prefix}/include

Name: tensorflowlite_c
Description: TensorFlow Lite C API
URL: https://github.com/gocoral/coral
Version: 2.17.1
Libs: -L${libdir} -Wl,-rpath,${libdir} -ltensorflowlite_c
Cflags: -I${includedir}
`, pc)
}

func TestPkgConfigRunPath(t *testing.T) {
	w := newWorld(t)
	all := w.Fetcher.Libraries(w.Cache)
	here, other := all[0], all[1]
	assert.Contains(t, w.tool.pkgConfig("/opt/x", here), "rpath")
	assert.NotContains(t, w.tool.pkgConfig("/usr/local", here), "rpath", "the loader looks there anyway")
	assert.NotContains(t, w.tool.pkgConfig("/opt/x", other), "rpath", "a folder of this machine means nothing there")
}

func TestPkgConfigReadsIt(t *testing.T) {
	pkgConfig, err := exec.LookPath("pkg-config")
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip("pkg-config is not installed")
	}
	require.NoError(t, err)
	w := newWorld(t)
	w.checkout(t)
	prefix := filepath.Join(t.TempDir(), "my prefix")
	require.Zero(t, w.run(t, "install", "--prefix", prefix).status)
	cmd := exec.Command(pkgConfig, "--cflags", "--libs", "tensorflowlite_c")
	cmd.Env = append(os.Environ(), "PKG_CONFIG_PATH="+filepath.Join(prefix, "lib", "pkgconfig"))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	p := strings.ReplaceAll(prefix, " ", `\ `)
	assert.Equal(t, "-I"+p+"/include -L"+p+"/lib -Wl,-rpath,"+p+"/lib -ltensorflowlite_c", strings.TrimSpace(string(out)))
}

func TestInstallFindsTheHeader(t *testing.T) {
	w := newWorld(t)
	module := t.TempDir() // of which a module that requires this one, or has vendored it, gets folders from go list
	w.Put(filepath.Join(module, "internal", "capi", header), "/* of the module */\n")
	root := t.TempDir()
	w.Program("go", `case $* in "list -f {{.Dir}} `+modulePath+`/"*) echo '`+module+`'/"${4#`+modulePath+`/}";; *) exit 1;; esac`)
	require.Zero(t, w.run(t, "install", "--root", root, "--prefix", "p").status)
	assert.Equal(t, "/* of the module */\n", w.Read("p/include/tflite_c.h"))

	w.Program("go", "exit 1")
	w.run(t, "install", "--root", root, "--prefix", "q").oneLineSaying(t, 1, "tflite_c.h not found", "--header")
	assert.NoDirExists(t, "q")

	w.Put("mine.h", "/* mine */\n")
	require.Zero(t, w.run(t, "install", "--root", root, "--prefix", "q", "--header", "mine.h").status)
	assert.Equal(t, "/* mine */\n", w.Read("q/include/tflite_c.h"))
}

func TestInstallFailures(t *testing.T) {
	w := newWorld(t)
	w.checkout(t)
	w.Put("occupied", "a file")
	w.run(t, "install", "--prefix", "occupied").oneLineSaying(t, 1, "occupied", "choose a folder")
	w.run(t, "install", "--prefix", "p", "--header", "gone.h").oneLineSaying(t, 1, "gone.h")
}
