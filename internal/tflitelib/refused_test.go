//go:build cgo && linux

package tflitelib_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/dl/dltest"
	"github.com/gocoral/coral/internal/tflitelib"
	"github.com/gocoral/coral/internal/tflitelib/tflitelibtest"
)

// soname gives a library the name that the loader knows it by once it is open.
const soname = "-Wl,-soname," + tflitelibtest.File

// refusals are stand-ins that are refused: before they are opened, and afterwards.
func refusals(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"it lacks TfLiteTensorName": tflitelibtest.StandIn(t, "-DNO_NAME", soname),
		`its version is "nightly"`:  tflitelibtest.StandIn(t, `-DVERSION="nightly"`, soname),
	}
}

// A library that was refused does not stand in for one of the same name elsewhere.
func TestRefusedDoesNotHideOthers(t *testing.T) {
	good := tflitelibtest.StandIn(t, soname)
	for says, bad := range refusals(t) {
		p := newProgram(t)
		tflitelibtest.Copy(t, bad, p.beside(tflitelibtest.File), nil)
		p.env = []string{"LD_LIBRARY_PATH=" + filepath.Dir(good)}
		l := p.finds(t)
		assert.Equal(t, good, l.Path)
		assert.Equal(t, tflitelib.Loader, l.Source)
		assert.Contains(t, p.log, strings.ReplaceAll(says, `"`, `\"`))
	}
}

// It does not stand in either for the file that somebody puts in its place, as they are told.
func TestRefusedCanBeReplaced(t *testing.T) {
	for says, bad := range refusals(t) {
		p := newProgram(t)
		path, good := p.beside("lib.so"), p.beside("good.so")
		tflitelibtest.Copy(t, bad, path, nil)
		tflitelibtest.Copy(t, tflitelibtest.StandIn(t, soname), good, nil)
		r := p.run(t, "load "+path, "rename "+good+" "+path, "load "+path)
		assert.Contains(t, r[0].Error, says)
		require.Empty(t, r[2].Error)
		assert.Equal(t, path, r[2].Library.Path)
	}
}

// A library may have its functions from one that it needs.
func TestFunctionsOfADependency(t *testing.T) {
	whole := tflitelibtest.StandIn(t)
	front := dltest.Shared(t, "libfront.so", dltest.Source(t, "int front = 1;"),
		"-Wl,--no-as-needed", "-L"+filepath.Dir(whole), "-l:"+tflitelibtest.File, "-Wl,-rpath,"+filepath.Dir(whole))
	p := newProgram(t)
	p.named(front)
	assert.Equal(t, "2.99.0", p.finds(t).Version)
}

// The check of the structures needs descriptors; without them nothing is said of the library.
func TestNoDescriptors(t *testing.T) {
	p := newProgram(t)
	path := tflitelibtest.StandIn(t, `-DVERSION="2.17.1"`)
	r := p.run(t, "descriptors 1", "load "+path, "descriptors 100", "load "+path)
	assert.Contains(t, r[1].Error, "its structures cannot be checked: too many open files")
	assert.False(t, r[1].Unsupported)
	assert.NotContains(t, r[1].Error, "not built as")
	require.Empty(t, r[3].Error)
}

// The path that was loaded is the one in use, whether or not its file is still there.
func TestLoadAgainWithoutTheFile(t *testing.T) {
	p := newProgram(t)
	path := p.beside("lib.so")
	tflitelibtest.Copy(t, tflitelibtest.StandIn(t), path, nil)
	r := p.run(t, "load "+path, "rename "+path+" "+p.beside("gone.so"), "load "+path, "load "+p.beside("other.so"))
	require.Empty(t, r[2].Error)
	assert.True(t, r[3].Busy)
}

// A relative path means what it means to the system, in which link/.. is not the folder that
// the link is in.
func TestRelativePath(t *testing.T) {
	p := newProgram(t)
	p.dir = t.TempDir()
	elsewhere := t.TempDir()
	inside := filepath.Join(elsewhere, "inside")
	require.NoError(t, os.Mkdir(inside, 0o755))
	require.NoError(t, os.Symlink(inside, filepath.Join(p.dir, "link")))
	standIn := tflitelibtest.StandIn(t)
	tflitelibtest.StandInOf(t, "2.91.0", standIn, filepath.Join(elsewhere, "lib.so"))
	tflitelibtest.StandInOf(t, "2.92.0", standIn, filepath.Join(p.dir, "lib.so"))
	for path, version := range map[string]string{"link/../lib.so": "2.91.0", "./lib.so": "2.92.0", filepath.Join(p.dir, "link") + "/../lib.so": "2.91.0"} {
		p.named(path)
		assert.Equal(t, version, p.finds(t).Version, path)
	}
}

// However the system finds a library, the path that is told is right in every folder.
func TestPathIsAbsolute(t *testing.T) {
	p := newProgram(t)
	p.dir = t.TempDir()
	path := filepath.Join(p.dir, tflitelibtest.File)
	tflitelibtest.Copy(t, tflitelibtest.StandIn(t), path, nil)
	tflitelibtest.Copy(t, path, filepath.Join(p.dir, "lib", tflitelibtest.File), nil)
	for variable, want := range map[string]string{
		"LD_LIBRARY_PATH=:": path, "LD_PRELOAD=./" + tflitelibtest.File: path,
		"LD_LIBRARY_PATH=lib": filepath.Join(p.dir, "lib", tflitelibtest.File),
	} {
		p.env = []string{variable}
		assert.Equal(t, want, p.finds(t).Path, variable)
	}
}

// A path may have anything in it, and an error goes to a terminal.
func TestErrorOfAnyPathIsOneLine(t *testing.T) {
	p := newProgram(t)
	p.named("/nowhere/a\nb\x1b[31m.so")
	r := p.fails(t) // which looks for line ends
	assert.NotContains(t, r.Error, "\x1b")
	assert.Contains(t, r.Error, `/nowhere/a\nb\x1b[31m.so`)
}

// What is no folder has no library in it.
func TestFilesInPlaceOfFolders(t *testing.T) {
	p := newProgram(t)
	require.NoError(t, os.WriteFile(p.beside("lib"), nil, 0o644))
	tflitelibtest.Copy(t, p.beside("lib"), filepath.Join(p.cache, "gocoral", "lib", "README"), nil)
	r := p.fails(t)
	assert.Contains(t, r.Error, "no usable TensorFlow Lite library (looked for ")
	assert.NotContains(t, r.Error, "not a directory")
	assert.NotContains(t, r.Error, "README")

	require.NoError(t, os.RemoveAll(filepath.Join(p.cache, "gocoral", "lib")))
	tflitelibtest.Copy(t, p.beside("lib"), filepath.Join(p.cache, "gocoral", "lib"), nil)
	assert.Contains(t, p.fails(t).Error, "no usable TensorFlow Lite library (looked for ")
}

func TestErrorOfManyFoldersIsShort(t *testing.T) {
	p := newProgram(t)
	const many = 200
	for k := range many {
		require.NoError(t, os.MkdirAll(filepath.Join(p.cache, "gocoral", "lib", "2."+strconv.Itoa(k)+".0"), 0o755))
	}
	r := p.fails(t)
	const lines = 40
	assert.Less(t, len(r.Error), lines*100)
	assert.Contains(t, r.Error, "; and ")
	assert.Contains(t, r.Error, " more)")
	assert.Contains(t, r.Error, "coral-runtime fetch")
}
