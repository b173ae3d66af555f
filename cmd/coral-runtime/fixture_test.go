package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	thirdparty "github.com/gocoral/coral/third_party"
)

// world is a machine for the command to run on: a checkout as current folder, a
// PATH with package managers that are shell scripts, and a manifest of small
// archives that those serve.
type world struct {
	t        *testing.T
	checkout string
	bin      string // all that PATH has
	served   string // what the package managers have to offer
	log      string // a line for each call of one
	tool     tool   // as a call starts out
}

// libraryText is what the library of a version and platform consists of here.
func libraryText(version, platform string) string { return "library " + version + " " + platform }

func newWorld(t *testing.T) *world {
	if runtime.GOOS == "windows" {
		t.Skip("the package managers of these tests are shell scripts")
	}
	dir := t.TempDir()
	w := &world{
		t:        t,
		checkout: filepath.Join(dir, "check out"),
		bin:      filepath.Join(dir, "bin"),
		served:   filepath.Join(dir, "served"),
		log:      filepath.Join(dir, "log"),
	}
	for _, d := range []string{w.bin, w.served, filepath.Join(w.checkout, "cmd", "below")} {
		require.NoError(t, os.MkdirAll(d, 0o755))
	}
	w.put(filepath.Join(w.checkout, "go.mod"), "module github.com/gocoral/coral\n")
	w.put(filepath.Join(w.checkout, "internal", "capi", header), "/* header */\n")
	w.put(w.log, "")
	t.Chdir(w.checkout)
	t.Setenv("PATH", w.bin)
	t.Setenv("TFLITE", "")
	t.Setenv("TMPDIR", filepath.Join(dir, "tmp"))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "tmp"), 0o755))

	w.tool = tool{
		host: thirdparty.Platform{OS: "linux", Arch: "amd64"},
		runtimes: []thirdparty.Runtime{
			w.runtime("2.17.1", thirdparty.Pip, "2.34", "linux/amd64", "linux/arm64", "linux/arm"),
			w.runtime("2.9.0", thirdparty.Npm, "2.27", "linux/amd64", "linux/arm64"),
			w.runtime("2.20.0", thirdparty.Maven, "2.34", "linux/amd64"),
		},
		models: w.collections(),
	}
	w.tool.runtimes[0].Default = true
	w.program("getconf", "echo glibc 2.36")
	w.program("python3", `while [ "$1" != --dest ]; do [ "$1" = --requirement ] && requirements=$2; shift; done
read -r line <"$requirements"; echo "pip wants $line" >>'`+w.log+`'
/bin/cp '`+w.served+`'/*.whl "$2"`)
	w.program("npm", `echo "npm $*" >>'`+w.log+`'; /bin/cp '`+w.served+`'/*.tgz .`)
	w.program("mvn", `echo "mvn $*" >>'`+w.log+`'; for a; do case $a in -DoutputDirectory=*) /bin/cp '`+w.served+`'/*.jar "${a#*=}";; esac; done`)
	w.program("go", `echo "go $*" >>'`+w.log+`'; echo '{"Dir": "`+w.served+`/module", "Sum": "h1:good"}'`)
	return w
}

// program puts a shell script on PATH.
func (w *world) program(name, script string) {
	w.put(filepath.Join(w.bin, name), "#!/bin/sh\n"+script+"\n")
}

func (w *world) remove(program string) {
	require.NoError(w.t, os.Remove(filepath.Join(w.bin, program)))
}

func (w *world) put(path, text string) {
	require.NoError(w.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(w.t, os.WriteFile(path, []byte(text), 0o755))
}

func (w *world) read(path string) string {
	data, err := os.ReadFile(path)
	require.NoError(w.t, err)
	return string(data)
}

// result is what one call of the command did.
type result struct {
	status      int
	out, errOut string
}

func (w *world) run(args ...string) result { return w.runContext(w.t.Context(), args...) }

func (w *world) runContext(ctx context.Context, args ...string) result {
	var out, errOut bytes.Buffer
	t := w.tool // a copy, so that calls may overlap
	t.stdout, t.stderr = &out, &errOut
	status := t.run(ctx, args)
	return result{status, out.String(), errOut.String()}
}

// library is where the checkout keeps a library.
func (w *world) library(version, platform string) string {
	return filepath.Join(w.checkout, "third_party", "lib", version, platform, "libtensorflowlite_c.so")
}

func (w *world) link() string {
	return filepath.Join(w.checkout, "internal", "capi", "link_local.go")
}

// files lists all files below a folder, hidden ones too, relative to it.
func (w *world) files(dir string) []string {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			files = append(files, rel)
		}
		return err
	})
	require.NoError(w.t, err)
	return files
}

// runtime serves a version and describes it as the manifest does.
func (w *world) runtime(version string, c thirdparty.Client, glibc string, platforms ...string) thirdparty.Runtime {
	r := thirdparty.Runtime{Version: version, Client: c, Package: "package-" + version, PackageVersion: "1.0", Licence: "Apache-2.0"}
	for _, name := range platforms {
		p, err := thirdparty.ParsePlatform(name)
		require.NoError(w.t, err)
		suffix := map[thirdparty.Client]string{thirdparty.Pip: ".whl", thirdparty.Npm: ".tgz", thirdparty.Maven: ".jar"}[c]
		b := thirdparty.Build{
			Platform: p, Tag: p.Dir(), Archive: version + "_" + p.Dir() + suffix, Member: "deep/in/lib.so",
			Library: "libtensorflowlite_c.so", GLIBC: glibc,
		}
		text := libraryText(version, p.Dir())
		b.LibrarySHA256, b.LibrarySize = sum(text), int64(len(text))
		b.ArchiveSHA256 = w.archive(b.Archive, []member{{"README", "read me"}, {b.Member, text}})
		r.Builds = append(r.Builds, b)
	}
	return r
}

func (w *world) collections() []thirdparty.Collection {
	c := thirdparty.Collection{Module: "example.org/models", Version: "v1.0.0", Sum: "h1:good"}
	for _, name := range []string{"a.tflite", "b.tflite", "b.txt"} {
		w.put(filepath.Join(w.served, "module", "sub", name), "content of "+name)
		c.Files = append(c.Files, thirdparty.File{Name: name, Path: "sub/" + name, SHA256: sum("content of " + name)})
	}
	return []thirdparty.Collection{c}
}

type member struct{ name, text string }

// archive serves an archive and returns its hash.
func (w *world) archive(name string, members []member) string {
	data := zipOf(w.t, members)
	if strings.HasSuffix(name, ".tgz") {
		data = tgzOf(w.t, members)
	}
	w.put(filepath.Join(w.served, name), string(data))
	return sum(string(data))
}

func zipOf(t *testing.T, members []member) []byte {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, m := range members {
		f, err := z.Create(m.name)
		require.NoError(t, err)
		_, err = f.Write([]byte(m.text))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return buf.Bytes()
}

func tgzOf(t *testing.T, members []member) []byte {
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	tw := tar.NewWriter(gz)
	for _, m := range members {
		require.NoError(t, tw.WriteHeader(&tar.Header{Name: m.name, Size: int64(len(m.text)), Mode: 0o644, Typeflag: tar.TypeReg}))
		_, err := tw.Write([]byte(m.text))
		require.NoError(t, err)
	}
	require.NoError(t, tw.Close())
	require.NoError(t, gz.Close())
	return buf.Bytes()
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// oneLineSaying checks what every failure owes the user: the status, and a last
// line on standard error that has all the parts.
func (r result) oneLineSaying(t *testing.T, status int, parts ...string) {
	t.Helper()
	require.Equal(t, status, r.status, "%+v", r)
	lines := strings.Split(strings.TrimSuffix(r.errOut, "\n"), "\n")
	last := lines[len(lines)-1]
	for _, line := range lines {
		require.True(t, strings.HasPrefix(line, "coral-runtime: "), "%q", line)
	}
	for _, part := range parts {
		require.Contains(t, last, part)
	}
	require.Empty(t, r.out, fmt.Sprint("nothing was done: ", r.out))
}
