//go:build cgo && linux

package tflitelib_test

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/tflitelib"
	"github.com/gocoral/coral/internal/tflitelib/tflitelibtest"
	thirdparty "github.com/gocoral/coral/third_party"
)

// A library of a version of its own in every place: the first is taken, and when it is gone
// the next.
func TestSearchOrder(t *testing.T) {
	p := newProgram(t)
	standIn := tflitelibtest.StandIn(t)
	dir := t.TempDir()
	elsewhere := func(folder string) string { return filepath.Join(dir, folder, tflitelibtest.File) }
	places := []struct {
		source        tflitelib.Source
		path, version string
		env           string
	}{
		{tflitelib.Environment, elsewhere("named"), "2.91.0", tflitelib.Variable + "=" + elsewhere("named")},
		{tflitelib.Process, elsewhere("process"), "2.92.0", "LD_PRELOAD=" + elsewhere("process")},
		{tflitelib.Executable, p.beside(tflitelibtest.File), "2.93.0", ""},
		{tflitelib.Executable, p.beside("lib", tflitelibtest.File), "2.94.0", ""},
		{tflitelib.Cache, p.cached(defaultVersion(t)), "2.95.0", ""},
		{tflitelib.Cache, p.cached("2.100.0"), "2.96.0", ""},
		{tflitelib.Cache, p.cached("2.20.0"), "2.97.0", ""},
		{tflitelib.Cache, p.cached("2.9.0"), "2.98.0", ""},
		{tflitelib.Loader, elsewhere("loader"), "2.99.0", "LD_LIBRARY_PATH=" + filepath.Dir(elsewhere("loader"))},
	}
	for _, place := range places {
		tflitelibtest.StandInOf(t, place.version, standIn, place.path)
	}
	loaded := elsewhere("loaded")
	tflitelibtest.StandInOf(t, "2.90.0", standIn, loaded)

	for k, place := range places {
		p.env = nil
		for _, left := range places[k:] {
			if left.env != "" {
				p.env = append(p.env, left.env)
			}
		}
		r := p.run(t, "load "+loaded)[0]
		require.Empty(t, r.Error)
		assert.Equal(t, tflitelib.Library{Path: loaded, Version: "2.90.0", Source: tflitelib.Loaded, Absent: absent()}, *r.Library, "whatever else there is")

		l := p.finds(t)
		assert.Equal(t, tflitelib.Library{Path: place.path, Version: place.version, Source: place.source, Absent: absent()}, *l)
		require.NoError(t, os.Remove(place.path))
	}

	p.env = nil
	r := p.fails(t)
	assert.Contains(t, r.Error, "no usable TensorFlow Lite library (looked for ")
	for _, looked := range []string{
		"beside the executable at " + p.beside(tflitelibtest.File), "beside the executable at " + p.beside("lib", tflitelibtest.File),
		"in the cache folder at " + p.cached("2.9.0"), "by the system's loader as " + tflitelibtest.File,
		"run coral-runtime fetch (go install github.com/gocoral/coral/cmd/coral-runtime@latest)",
	} {
		assert.Contains(t, r.Error, looked)
	}
	assert.False(t, r.Unsupported)
}

// absent are the functions that the stand-in lacks.
func absent() []string {
	return []string{
		"TfLiteModelCreateWithErrorReporter",
		"TfLiteInterpreterGetSignatureCount", "TfLiteInterpreterGetSignatureKey", "TfLiteInterpreterGetSignatureRunner",
		"TfLiteSignatureRunnerGetInputCount", "TfLiteSignatureRunnerGetInputName", "TfLiteSignatureRunnerGetInputTensor",
		"TfLiteSignatureRunnerGetOutputCount", "TfLiteSignatureRunnerGetOutputName", "TfLiteSignatureRunnerGetOutputTensor",
		"TfLiteSignatureRunnerResizeInputTensor", "TfLiteSignatureRunnerAllocateTensors", "TfLiteSignatureRunnerInvoke",
		"TfLiteSignatureRunnerCancel", "TfLiteSignatureRunnerDelete",
		"TfLiteXNNPackDelegateCreate", "TfLiteXNNPackDelegateDelete",
	}
}

// defaultVersion is the one that coral-runtime fetches without being asked for another.
func defaultVersion(t *testing.T) string {
	t.Helper()
	return thirdparty.Runtimes()[0].Version
}

// The order of the cache folder shows that the default is first; here it is not the newest,
// nor the oldest.
func TestDefaultVersion(t *testing.T) {
	p := newProgram(t)
	standIn := tflitelibtest.StandIn(t)
	for _, version := range []string{"2.1.0", "2.98.0", defaultVersion(t)} {
		tflitelibtest.Copy(t, standIn, p.cached(version), nil)
	}
	assert.Equal(t, p.cached(defaultVersion(t)), p.finds(t).Path)
}

// What was named is meant: nothing else is taken for it.
func TestNamedDoesNotFallThrough(t *testing.T) {
	p := newProgram(t)
	tflitelibtest.Copy(t, tflitelibtest.StandIn(t), p.cached("2.99.0"), nil)
	nowhere := filepath.Join(t.TempDir(), "libnowhere.so")

	r := p.run(t, "load "+nowhere)[0]
	assert.True(t, r.NotFound)
	assert.Contains(t, r.Error, nowhere)
	assert.Contains(t, r.Error, "there is no such file")
	assert.Contains(t, r.Error, "give the path of another library, or leave it to be found")
	assert.Nil(t, r.Library)

	p.env = []string{tflitelib.Variable + "=" + nowhere}
	failure := p.fails(t)
	assert.Contains(t, failure.Error, nowhere)
	assert.Contains(t, failure.Error, "correct or unset CORAL_TFLITE_LIB")
	assert.NotContains(t, failure.Error, "coral-runtime")
}

// A service has no home folder.
func TestNoHome(t *testing.T) {
	p := newProgram(t)
	p.env = []string{"HOME=", "XDG_CACHE_HOME="}
	r := p.fails(t)
	assert.Contains(t, r.Error, "in the cache folder: there is no cache folder: neither $XDG_CACHE_HOME nor $HOME are defined")
	assert.Contains(t, r.Error, "CORAL_TFLITE_LIB")

	tflitelibtest.Copy(t, tflitelibtest.StandIn(t), p.beside("lib", tflitelibtest.File), nil)
	assert.Equal(t, tflitelib.Executable, p.finds(t).Source)
}

func TestFailureCanBeTriedAgain(t *testing.T) {
	p := newProgram(t)
	library := p.beside("libkept.so")
	tflitelibtest.Copy(t, tflitelibtest.StandIn(t), library, nil)
	r := p.run(t, "need", "load "+p.beside(tflitelibtest.File), "rename "+library+" "+p.beside(tflitelibtest.File), "need")
	assert.True(t, r[0].NotFound)
	assert.True(t, r[1].NotFound)
	require.Empty(t, r[3].Error)
	assert.Equal(t, p.beside(tflitelibtest.File), r[3].Library.Path)
}

func TestLoadAfterSuccess(t *testing.T) {
	p := newProgram(t)
	first, second := filepath.Join(t.TempDir(), "libfirst.so"), filepath.Join(t.TempDir(), "libsecond.so")
	tflitelibtest.Copy(t, tflitelibtest.StandIn(t), first, nil)
	tflitelibtest.Copy(t, first, second, nil)
	symbolic, hard := filepath.Join(t.TempDir(), "symbolic.so"), filepath.Join(filepath.Dir(first), "hard.so")
	require.NoError(t, os.Symlink(first, symbolic))
	require.NoError(t, os.Link(first, hard))

	r := p.run(t, "load "+first, "load "+first, "load "+symbolic, "load "+hard, "load libfirst.so", "load "+second, "load libsecond.so", "load /nowhere", "need")
	for _, same := range slices.Concat(r[:5], r[8:]) {
		require.Empty(t, same.Error)
		assert.Equal(t, first, same.Library.Path)
	}
	for _, other := range r[5:8] {
		assert.True(t, other.Busy)
		assert.False(t, other.NotFound)
		assert.Contains(t, other.Error, first+") is in use, named by the program; load it before anything needs a library")
	}

	p.env = []string{tflitelib.Variable + "=" + second}
	r = p.run(t, "need", "load "+second, "load "+first)
	require.Empty(t, r[1].Error)
	assert.True(t, r[2].Busy)
}

// Many goroutines need the library first.
func TestTogether(t *testing.T) {
	p := newProgram(t)
	require.True(t, p.run(t, "together")[0].NotFound)
	tflitelibtest.Copy(t, tflitelibtest.StandIn(t), p.beside(tflitelibtest.File), nil)
	r := p.run(t, "together", "together")
	require.Empty(t, r[0].Error)
	require.Empty(t, r[1].Error)
	assert.Equal(t, "2.99.0", r[0].Library.Version)
}

// What cannot be used is passed over, and the next is taken.
func TestUnusableIsPassedOver(t *testing.T) {
	p := newProgram(t)
	standIn := tflitelibtest.StandIn(t)
	tflitelibtest.Copy(t, standIn, p.beside(tflitelibtest.File), cutTo(mapped(t, standIn)-1))
	tflitelibtest.Copy(t, tflitelibtest.StandIn(t, "-DNO_NAME"), p.beside("lib", tflitelibtest.File), nil)
	tflitelibtest.Copy(t, standIn, p.cached(defaultVersion(t)), func([]byte) []byte { return []byte("text") })
	tflitelibtest.StandInOf(t, "2.98.0", standIn, p.cached("2.98.0"))
	require.NoError(t, os.MkdirAll(filepath.Join(p.cache, "gocoral", "lib", "no version"), 0o755))

	l := p.finds(t)
	assert.Equal(t, p.cached("2.98.0"), l.Path)
	assert.Equal(t, "2.98.0", l.Version)
	for _, step := range []string{
		`DEBUG looked for TensorFlow Lite source="beside the executable" path=` + p.beside(tflitelibtest.File) + ` error=`,
		`DEBUG looked for TensorFlow Lite source="in the cache folder" path=` + p.cached(defaultVersion(t)) + ` error=`,
		`DEBUG opened TensorFlow Lite version=2.98.0 path=` + p.cached("2.98.0") + ` source="in the cache folder"`,
	} {
		assert.Contains(t, p.log, step)
	}

	require.NoError(t, os.Remove(p.cached("2.98.0")))
	r := p.fails(t)
	assert.True(t, r.Unsupported, "for the one that is TensorFlow Lite in part")
	for _, says := range []string{"was cut short", "it lacks TfLiteTensorName", "damaged or no shared library"} {
		assert.Contains(t, r.Error, says)
	}
}

// A set-uid program must not run what the user who starts it has chosen.
func TestMoreRightsThanTheUser(t *testing.T) {
	tflitelibtest.SkipASan(t, "cannot watch a set-uid program")
	p := newProgram(t)
	setUID(t, p.exe)
	standIn := tflitelibtest.StandIn(t)
	const another = 65532
	p.user = &syscall.Credential{Uid: another, Gid: another}
	library := filepath.Join(openFolder(t), tflitelibtest.File)
	tflitelibtest.Copy(t, standIn, library, nil)
	tflitelibtest.Copy(t, standIn, p.cached(defaultVersion(t)), nil)
	p.env = []string{tflitelib.Variable + "=" + library, "LD_LIBRARY_PATH=" + filepath.Dir(library)}

	const because = "not looked at, because this process has more rights than its user"
	r := p.fails(t)
	assert.Contains(t, r.Error, "named by CORAL_TFLITE_LIB at "+library+": "+because)
	assert.Contains(t, r.Error, "in the cache folder: "+because)
	assert.Contains(t, r.Error, "in a folder that only root can write to")

	inside := p.beside("lib", tflitelibtest.File)
	tflitelibtest.Copy(t, standIn, inside, nil)
	l := p.finds(t)
	assert.Equal(t, inside, l.Path, "the folder is root's")

	const everyoneWrites = 0o777
	require.NoError(t, os.Chmod(p.beside("lib"), everyoneWrites))
	assert.Contains(t, p.fails(t).Error, "beside the executable at "+p.beside("lib")+": "+because)
	require.NoError(t, os.Chmod(p.beside("lib"), 0o755))
	require.NoError(t, os.Chmod(p.beside(), everyoneWrites))
	assert.Contains(t, p.fails(t).Error, "beside the executable at "+p.beside()+": "+because)
}

// setUID makes a program run as another user than the one who starts it.
func setUID(t *testing.T, path string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can make a set-uid program of another user")
	}
	var fs syscall.Statfs_t
	require.NoError(t, syscall.Statfs(path, &fs))
	const noSUID = 2 // ST_NOSUID
	if fs.Flags&noSUID != 0 {
		t.Skipf("the file system of %s is mounted nosuid", path)
	}
	const owner = 65533
	require.NoError(t, os.Chown(path, owner, owner))
	require.NoError(t, os.Chmod(path, 0o755|os.ModeSetuid))
}
