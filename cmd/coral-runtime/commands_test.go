package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExitStatus(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{{"-h"}, {"help"}, {"fetch", "-h"}, {"models", "--help"}} {
		r := w.run(args...)
		assert.Zero(t, r.status, args)
		assert.NotEmpty(t, r.out, args)
		assert.Empty(t, r.errOut, args)
	}
	for _, args := range [][]string{{}, {"bogus"}, {"fetch", "--bogus"}, {"fetch", "word"}, {"install"}, {"list", "--json=maybe"}, {"models", "["}} {
		w.run(args...).oneLineSaying(t, 2, "run coral-runtime -h")
	}
}

func TestRunUsesTheRealManifest(t *testing.T) {
	var out, errOut bytes.Buffer
	require.Zero(t, run([]string{"list", "--root", t.TempDir()}, &out, &errOut), errOut.String())
	for _, want := range []string{"2.17.1 (default)", "linux/arm ", "pymicro-wakeword 2.5.0 (pip)", "Apache-2.0", "absent"} {
		assert.Contains(t, out.String(), want)
	}
}

func TestVerify(t *testing.T) {
	w := newWorld(t)
	r := w.run("verify")
	require.Zero(t, r.status)
	assert.Equal(t, "0 files checked\n", r.out)

	require.Zero(t, w.run("fetch").status)
	require.Zero(t, w.run("models").status)
	r = w.run("verify")
	require.Zero(t, r.status, r.errOut)
	assert.Contains(t, r.out, "ok third_party/lib/2.17.1/linux_amd64/libtensorflowlite_c.so\n")
	assert.Contains(t, r.out, "4 files checked\n")

	w.put(filepath.Join(w.checkout, "third_party", "models", "b.txt"), "changed")
	r = w.run("verify")
	assert.Equal(t, 1, r.status)
	assert.Contains(t, r.errOut, "b.txt has sha256 "+sum("changed"))
	assert.Contains(t, r.errOut, "coral-runtime: 1 of 4 files are not what the manifest says: fetch them again\n")
}

func TestModels(t *testing.T) {
	w := newWorld(t)
	r := w.run("models", "b.*")
	require.Zero(t, r.status, r.errOut)
	assert.Equal(t, "2 files in third_party/models\n", r.out)
	models := filepath.Join(w.checkout, "third_party", "models")
	assert.ElementsMatch(t, []string{"b.tflite", "b.txt"}, w.files(models))
	assert.Equal(t, "go mod download -json example.org/models@v1.0.0\n", w.read(w.log))

	w.remove("go") // what is there needs no go command
	assert.Zero(t, w.run("models", "b.txt").status)
	w.run("models").oneLineSaying(t, 1, "go not found")
	w.run("models", "a.tflite", "c").oneLineSaying(t, 1, `no file is called "c"; there are a.tflite, b.tflite, b.txt`)
}

func TestModelsInAnotherFolder(t *testing.T) {
	w := newWorld(t)
	require.Zero(t, w.run("models", "--dir", "here/too").status)
	assert.ElementsMatch(t, []string{"a.tflite", "b.tflite", "b.txt"}, w.files("here/too"))
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
			w.program("go", test.script)
			w.run("models").oneLineSaying(t, 1, test.want...)
			assert.Empty(t, w.files(filepath.Join(w.checkout, "third_party")))
		})
	}
	w := newWorld(t)
	w.put(filepath.Join(w.served, "module", "sub", "a.tflite"), "tampered with")
	w.run("models").oneLineSaying(t, 1, "a.tflite has sha256 "+sum("tampered with"), "refused")
}

func TestListJSON(t *testing.T) {
	w := newWorld(t)
	require.Zero(t, w.run("fetch", "--version", "2.9.0").status)
	require.Zero(t, w.run("fetch").status)
	w.put(w.library("2.20.0", "linux_amd64"), "rubbish")
	r := w.run("list", "--json")
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
		"2.17.1 linux/amd64": "linked", "2.17.1 linux/arm64": "absent", "2.17.1 linux/arm": "absent",
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
	w.run("env").oneLineSaying(t, 1, "2.17.1 for linux/amd64 is not in third_party/lib", "run coral-runtime fetch")
	require.Zero(t, w.run("fetch").status)
	r := w.run("env")
	require.Zero(t, r.status, r.errOut)

	dir := filepath.Dir(w.library("2.17.1", "linux_amd64")) // it has a space
	t.Setenv("CGO_LDFLAGS", "")
	t.Setenv("LD_LIBRARY_PATH", "")
	flags := `"-L` + dir + `" "-Wl,-rpath,` + dir + `"`
	assert.Equal(t, flags, evaluated(t, r.out, "CGO_LDFLAGS"))
	assert.Equal(t, dir, evaluated(t, r.out, "LD_LIBRARY_PATH"))
	t.Setenv("CGO_LDFLAGS", "-g")
	t.Setenv("LD_LIBRARY_PATH", "/other")
	assert.Equal(t, flags+" -g", evaluated(t, r.out, "CGO_LDFLAGS"))
	assert.Equal(t, dir+":/other", evaluated(t, r.out, "LD_LIBRARY_PATH"))
}

func TestEnvForAnotherMachineHasNoRunPath(t *testing.T) {
	w := newWorld(t)
	require.Zero(t, w.run("fetch", "--platform", "linux/arm64").status)
	r := w.run("env", "--platform", "linux/arm64")
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

func TestOutsideACheckout(t *testing.T) {
	w := newWorld(t)
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache) // for macOS
	base, err := os.UserCacheDir()
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	w.put("go.mod", "module github.com/gocoral/coral/cmd/coral\n") // a nested module is not the checkout
	r := w.run("fetch")
	require.Zero(t, r.status, r.errOut)
	lib := filepath.Join(base, "gocoral", "lib", "2.17.1", "linux_amd64", "libtensorflowlite_c.so")
	assert.Equal(t, "TensorFlow Lite 2.17.1 for linux/amd64: "+lib+"\n"+
		`to build with it, in each shell: eval "$(go run github.com/gocoral/coral/cmd/coral-runtime env)"`+"\n", r.out)
	assert.FileExists(t, lib)
	assert.NoFileExists(t, w.link())
	assert.Contains(t, w.run("env").out, filepath.Dir(lib))

	root := t.TempDir()
	r = w.run("fetch", "--root", root)
	require.Zero(t, r.status)
	assert.Contains(t, r.out, "env --root '"+root+"')")
	assert.FileExists(t, filepath.Join(root, "lib", "2.17.1", "linux_amd64", "libtensorflowlite_c.so"))

	require.Zero(t, w.run("fetch", "--root", w.checkout).status)
	assert.FileExists(t, w.link(), "a checkout that --root names is linked")
}

func TestInstall(t *testing.T) {
	w := newWorld(t)
	prefix := filepath.Join(t.TempDir(), "my prefix")
	r := w.run("install", "--prefix", prefix)
	require.Zero(t, r.status, r.errOut)
	assert.ElementsMatch(t, []string{
		"include/tflite_c.h", "lib/libtensorflowlite_c.so", "lib/pkgconfig/tensorflowlite_c.pc",
	}, w.files(prefix))
	assert.Equal(t, libraryText("2.17.1", "linux_amd64"), w.read(filepath.Join(prefix, "lib", "libtensorflowlite_c.so")))
	assert.Equal(t, "/* header */\n", w.read(filepath.Join(prefix, "include", header)))
	assert.NoFileExists(t, w.link(), "installing does not change what the checkout links")
	pc := w.read(filepath.Join(prefix, "lib", "pkgconfig", "tensorflowlite_c.pc"))
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
	here, other := target{w.tool.runtimes[0], w.tool.runtimes[0].Builds[0]}, target{w.tool.runtimes[0], w.tool.runtimes[0].Builds[1]}
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
	prefix := filepath.Join(t.TempDir(), "my prefix")
	require.Zero(t, w.run("install", "--prefix", prefix).status)
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
	w.put(filepath.Join(module, "internal", "capi", header), "/* of the module */\n")
	root := t.TempDir()
	t.Chdir(t.TempDir())
	w.program("go", `case $* in "list -f {{.Dir}} `+modulePath+`/"*) echo '`+module+`'/"${4#`+modulePath+`/}";; *) exit 1;; esac`)
	require.Zero(t, w.run("install", "--root", root, "--prefix", "p").status)
	assert.Equal(t, "/* of the module */\n", w.read("p/include/tflite_c.h"))

	w.program("go", "exit 1")
	w.run("install", "--root", root, "--prefix", "q").oneLineSaying(t, 1, "tflite_c.h not found", "--header")
	assert.NoDirExists(t, "q")

	w.put("mine.h", "/* mine */\n")
	require.Zero(t, w.run("install", "--root", root, "--prefix", "q", "--header", "mine.h").status)
	assert.Equal(t, "/* mine */\n", w.read("q/include/tflite_c.h"))
}

func TestInstallFailures(t *testing.T) {
	w := newWorld(t)
	w.put("occupied", "a file")
	w.run("install", "--prefix", "occupied").oneLineSaying(t, 1, "occupied", "make the folder writable")
	w.run("install", "--prefix", "p", "--header", "gone.h").oneLineSaying(t, 1, "gone.h")
}
