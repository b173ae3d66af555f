package fetchtest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gocoral/coral/internal/fetch"
	thirdparty "github.com/gocoral/coral/third_party"
)

// World is a machine for a command to run on, linux/amd64 with glibc 2.36: an empty current
// folder, a cache folder, a PATH with package managers that are shell scripts, and a manifest
// of small archives that those serve.
type World struct {
	t *testing.T
	// Fetcher has the manifest.
	Fetcher fetch.Fetcher
	// Cache is this project's folder in the user's cache folder.
	Cache string
	// Temp is the folder for temporary files.
	Temp string
	// Bin is all that PATH has.
	Bin string
	// Served is what the package managers have to offer, in files.
	Served string
	// Log is a file with a line for each call of one.
	Log string
}

// Content is what the library of a version consists of here; platform is as in linux_amd64.
func Content(version, platform string) string { return "library " + version + " " + platform }

// New changes environment and current folder for the rest of the test, which it skips on
// Windows. The manifest has 2.17.1, the default, by pip, 2.9.0 by npm and 2.20.0 by Maven.
func New(t *testing.T) *World {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the package managers of these tests are shell scripts")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	w := &World{t: t, Temp: at("tmp"), Bin: at("bin"), Served: at("served"), Log: at("log")}
	for _, d := range []string{w.Temp, w.Bin, w.Served, at("current folder")} {
		w.check(os.MkdirAll(d, 0o755))
	}
	w.Put(w.Log, "")
	t.Chdir(at("current folder"))
	for name, value := range map[string]string{
		"HOME": at("home"), "XDG_CACHE_HOME": at("home/.cache"), "TMPDIR": w.Temp, "PATH": w.Bin, "TFLITE": "",
	} {
		t.Setenv(name, value)
	}
	root, err := fetch.Root("")
	w.check(err)
	w.Cache = root
	w.addPrograms()
	w.Fetcher = fetch.Fetcher{
		Host: thirdparty.Platform{OS: "linux", Arch: "amd64"},
		Runtimes: []thirdparty.Runtime{
			w.runtime("2.17.1", thirdparty.Pip, "2.34", "linux/amd64", "linux/arm64", "linux/arm"),
			w.runtime("2.9.0", thirdparty.Npm, "2.27", "linux/amd64", "linux/arm64"),
			w.runtime("2.20.0", thirdparty.Maven, "2.34", "linux/amd64"),
		},
	}
	w.Fetcher.Runtimes[0].Default = true
	return w
}

func (w *World) addPrograms() {
	w.Program("getconf", "echo glibc 2.36")
	w.Program("python3", `echo "pip $*" >>'`+w.Log+`'
while [ "$1" != --dest ]; do [ "$1" = --requirement ] && requirements=$2; shift; done
read -r line <"$requirements"; echo "pip wants $line" >>'`+w.Log+`'
/bin/cp '`+w.Served+`'/*.whl "$2"`)
	w.Program("npm", `echo "npm $*" >>'`+w.Log+`'; /bin/cp '`+w.Served+`'/*.tgz .`)
	w.Program("mvn", `echo "mvn $*" >>'`+w.Log+`'; for a; do case $a in -DoutputDirectory=*) /bin/cp '`+w.Served+`'/*.jar "${a#*=}";; esac; done`)
	w.Program("go", `echo "go $*" >>'`+w.Log+`'; echo '{"Dir": "`+w.Served+`/module", "Sum": "h1:good"}'`)
}

func (w *World) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// Program puts a shell script on PATH.
func (w *World) Program(name, script string) {
	w.Put(filepath.Join(w.Bin, name), "#!/bin/sh\n"+script+"\n")
}

// Remove takes programs off PATH.
func (w *World) Remove(programs ...string) {
	for _, name := range programs {
		w.check(os.Remove(filepath.Join(w.Bin, name)))
	}
}

// Put writes a file, and makes its folder.
func (w *World) Put(path, text string) {
	w.t.Helper()
	w.check(os.MkdirAll(filepath.Dir(path), 0o755))
	w.check(os.WriteFile(path, []byte(text), 0o755))
}

// Read is the content of a file that has to be there.
func (w *World) Read(path string) string {
	w.t.Helper()
	data, err := os.ReadFile(path)
	w.check(err)
	return string(data)
}

// Library is where the cache folder has a library.
func (w *World) Library(version, platform string) string {
	return filepath.Join(w.Cache, "lib", version, platform, "libtensorflowlite_c.so")
}

// Files lists all files below a folder, hidden ones too, relative to it. There are none in a
// folder that does not exist.
func (w *World) Files(dir string) []string {
	w.t.Helper()
	files := []string{}
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		return files
	}
	w.check(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			files = append(files, rel)
		}
		return err
	}))
	return files
}

// runtime serves a version and describes it as the manifest does.
func (w *World) runtime(version string, c thirdparty.Client, glibc string, platforms ...string) thirdparty.Runtime {
	r := thirdparty.Runtime{Version: version, Client: c, Package: "package-" + version, PackageVersion: "1.0", Licence: "Apache-2.0"}
	for _, name := range platforms {
		p, err := thirdparty.ParsePlatform(name)
		w.check(err)
		suffix := map[thirdparty.Client]string{thirdparty.Pip: ".whl", thirdparty.Npm: ".tgz", thirdparty.Maven: ".jar"}[c]
		b := thirdparty.Build{
			Platform: p, Parcel: thirdparty.Parcel{Tag: p.Dir(), Archive: version + "_" + p.Dir() + suffix}, Member: "deep/in/lib.so",
			Library: "libtensorflowlite_c.so", GLIBC: glibc,
		}
		text := Content(version, p.Dir())
		b.LibrarySHA256, b.LibrarySize = Sum(text), int64(len(text))
		b.ArchiveSHA256 = w.Archive(b.Archive, Member{"README", "read me"}, Member{b.Member, text})
		r.Builds = append(r.Builds, b)
	}
	return r
}

// Models is a manifest of four collections, one for each group: a.tflite, b.tflite and b.txt,
// which the go command serves, c.png of a wheel for one Python, d.tflite of a zip in a wheel
// for any, and e.json of an npm package.
func (w *World) Models() []thirdparty.Collection {
	demo := thirdparty.Collection{
		Group: thirdparty.GroupDemo, Client: thirdparty.GoModules, Package: "example.org/models", PackageVersion: "v1.0.0", Sum: "h1:good",
	}
	for _, name := range []string{"a.tflite", "b.tflite", "b.txt"} {
		w.Put(filepath.Join(w.Served, "module", "sub", name), "content of "+name)
		demo.Files = append(demo.Files, w.file(name, "sub/"+name))
	}
	zipped := string(w.zip([]Member{{"README", "read me"}, {"in/d.tflite", "content of d.tflite"}}))
	return []thirdparty.Collection{
		demo,
		w.collection(thirdparty.GroupTasks, thirdparty.Pip, "c", w.file("c.png", "data/c.png"), "content of c.png", thirdparty.Parcel{Tag: "win_amd64", Python: "cp311", Archive: "c.whl"}),
		w.collection(thirdparty.GroupMore, thirdparty.Pip, "d", w.file("d.tflite", "data/d.zip!/in/d.tflite"), zipped, thirdparty.Parcel{Tag: "any", Archive: "d.whl"}),
		w.collection(thirdparty.GroupGraphs, thirdparty.Npm, "@e/e", w.file("e.json", "package/e.json"), "content of e.json", thirdparty.Parcel{Archive: "e-e.tgz"}),
	}
}

func (w *World) file(name, path string) thirdparty.File {
	text := "content of " + name
	return thirdparty.File{Name: name, Path: path, SHA256: Sum(text), Size: int64(len(text)), Licence: "MIT", About: "about " + name}
}

// collection serves an archive with one file beside another.
func (w *World) collection(g thirdparty.Group, c thirdparty.Client, name string, f thirdparty.File, content string, p thirdparty.Parcel) thirdparty.Collection {
	path, _, _ := strings.Cut(f.Path, "!/")
	p.ArchiveSHA256 = w.Archive(p.Archive, Member{"README", "read me"}, Member{path, content})
	return thirdparty.Collection{Group: g, Client: c, Package: name, PackageVersion: "1.0", Parcel: p, Size: 2e6, Files: []thirdparty.File{f}}
}

// Member is a file of an archive.
type Member struct{ Name, Text string }

// Archive serves an archive, a .tgz or something that is a zip, and returns its hash.
func (w *World) Archive(name string, members ...Member) string {
	data := w.zip(members)
	if strings.HasSuffix(name, ".tgz") {
		data = w.tgz(members)
	}
	w.Put(filepath.Join(w.Served, name), string(data))
	return Sum(string(data))
}

func (w *World) zip(members []Member) []byte {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, m := range members {
		f, err := z.Create(m.Name)
		w.check(err)
		_, err = f.Write([]byte(m.Text))
		w.check(err)
	}
	w.check(z.Close())
	return buf.Bytes()
}

func (w *World) tgz(members []Member) []byte {
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	tw := tar.NewWriter(gz)
	for _, m := range members {
		w.check(tw.WriteHeader(&tar.Header{Name: m.Name, Size: int64(len(m.Text)), Mode: 0o644, Typeflag: tar.TypeReg}))
		_, err := tw.Write([]byte(m.Text))
		w.check(err)
	}
	w.check(tw.Close())
	w.check(gz.Close())
	return buf.Bytes()
}

// Sum is the SHA-256 of a text as manifests have it.
func Sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}
