package thirdparty_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	thirdparty "github.com/gocoral/coral/third_party"
)

var (
	sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)
	glibcForm  = regexp.MustCompile(`^2\.\d+$`)
	libraries  = map[string]string{
		"linux":   "libtensorflowlite_c.so",
		"darwin":  "libtensorflowlite_c.dylib",
		"windows": "tensorflowlite_c.dll",
	}
)

// A misspelt field would be dropped in silence by the accessors.
func TestManifestHasNoUnknownFields(t *testing.T) {
	for file, into := range map[string]any{
		"runtimes.json": &struct{ Runtimes []thirdparty.Runtime }{},
		"models.json":   &struct{ Collections []thirdparty.Collection }{},
	} {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		assert.NoError(t, d.Decode(into), file)
	}
}

func TestRuntimesAreComplete(t *testing.T) {
	runtimes := thirdparty.Runtimes()
	require.Len(t, runtimes, 3)
	for i, r := range runtimes {
		assert.Equal(t, i == 0, r.Default, "the default comes first: %s", r.Version)
		assert.Contains(t, []thirdparty.Client{thirdparty.Pip, thirdparty.Npm, thirdparty.Maven}, r.Client)
		assert.NotEmpty(t, r.Package)
		assert.NotEmpty(t, r.PackageVersion)
		assert.Equal(t, "Apache-2.0", r.Licence)
		assert.NotEmpty(t, r.About)
		assert.Len(t, r.Platforms(), len(r.Builds))
		seen := map[thirdparty.Platform]bool{}
		for _, b := range r.Builds {
			name := r.Version + " " + b.String()
			assert.False(t, seen[b.Platform], "%s is there twice", name)
			seen[b.Platform] = true
			assert.Regexp(t, sha256Form, b.ArchiveSHA256, name)
			assert.Regexp(t, sha256Form, b.LibrarySHA256, name)
			assert.Positive(t, b.LibrarySize, name)
			assert.Equal(t, libraries[b.OS], b.Library, name)
			assert.True(t, filepath.IsLocal(b.Archive), name)
			assert.Contains(t, b.Archive, b.Tag, name)
			assert.Equal(t, path.Ext(b.Library), path.Ext(b.Member), name)
			if b.OS == "linux" {
				assert.Regexp(t, glibcForm, b.GLIBC, name)
			} else {
				assert.Empty(t, b.GLIBC, name)
			}
		}
		assert.True(t, seen[thirdparty.Platform{OS: "linux", Arch: "amd64"}], r.Version)
		assert.True(t, seen[thirdparty.Platform{OS: "linux", Arch: "arm64"}], r.Version)
	}
}

func TestModelsAreComplete(t *testing.T) {
	names := map[string]bool{}
	for _, c := range thirdparty.Models() {
		checkCollection(t, c)
		for _, f := range c.Files {
			assert.False(t, names[f.Name], "%s is there twice", f.Name)
			names[f.Name] = true
			checkFile(t, f)
		}
	}
	assert.Len(t, names, 38)
}

func checkCollection(t *testing.T, c thirdparty.Collection) {
	t.Helper()
	assert.NotEmpty(t, c.Package)
	assert.NotEmpty(t, c.Licence, c.Package)
	assert.Positive(t, c.Size, c.Package)
	assert.NotEmpty(t, c.Files, c.Package)
	assert.Contains(t, []thirdparty.Group{thirdparty.GroupDemo, thirdparty.GroupTasks, thirdparty.GroupMore, thirdparty.GroupGraphs}, c.Group)
	if c.Client == thirdparty.GoModules {
		assert.Regexp(t, `^v\d`, c.PackageVersion)
		assert.Regexp(t, `^h1:.{43}=$`, c.Sum)
		assert.Empty(t, c.Parcel)
		return
	}
	assert.Contains(t, []thirdparty.Client{thirdparty.Pip, thirdparty.Npm}, c.Client)
	assert.Empty(t, c.Sum, c.Package)
	assert.Regexp(t, sha256Form, c.ArchiveSHA256, c.Package)
	assert.True(t, filepath.IsLocal(c.Archive), c.Package)
	assert.Contains(t, c.Archive, c.PackageVersion)
	assert.Contains(t, c.Archive, c.Tag)
	assert.Contains(t, c.Archive, c.Python)
	assert.Equal(t, c.Client == thirdparty.Pip, c.Tag != "", "%s: wheels have a platform", c.Package)
}

func checkFile(t *testing.T, f thirdparty.File) {
	t.Helper()
	assert.Equal(t, path.Base(f.Name), f.Name, "a plain name")
	for part := range strings.SplitSeq(f.Path, "!/") {
		assert.True(t, filepath.IsLocal(filepath.FromSlash(part)), f.Path)
	}
	assert.Equal(t, path.Ext(f.Path), path.Ext(f.Name))
	assert.Regexp(t, sha256Form, f.SHA256, f.Name)
	assert.Positive(t, f.Size, f.Name)
	assert.NotEmpty(t, f.Licence, f.Name)
	assert.NotEmpty(t, f.About, f.Name)
	want := map[string]thirdparty.Kind{
		".tflite": thirdparty.KindModel, ".txt": thirdparty.KindLabels, ".json": thirdparty.KindGraph, ".bin": thirdparty.KindGraph,
		".png": thirdparty.KindPicture, ".jpg": thirdparty.KindPicture,
	}
	assert.Equal(t, want[path.Ext(f.Name)], f.Kind, f.Name)
}

// The tests fetch this much each time that a machine runs them first.
func TestWhatTestsFetchIsSmall(t *testing.T) {
	total := int64(0)
	for _, c := range thirdparty.Models() {
		if c.Group == thirdparty.GroupTasks {
			total += c.Size
		}
	}
	assert.Less(t, total, int64(20e6))
}

func TestCallerOwnsTheAnswer(t *testing.T) {
	thirdparty.Runtimes()[0].Builds[0].Member = "changed"
	thirdparty.Models()[0].Files[0].Name = "changed"
	assert.NotEqual(t, "changed", thirdparty.Runtimes()[0].Builds[0].Member)
	assert.NotEqual(t, "changed", thirdparty.Models()[0].Files[0].Name)
}

func TestUnknown(t *testing.T) {
	_, err := thirdparty.RuntimeByVersion("1.0")
	require.ErrorIs(t, err, thirdparty.ErrUnknown)
	assert.ErrorContains(t, err, "2.17.1, 2.9.0, 2.20.0")

	r, err := thirdparty.RuntimeByVersion("2.9.0")
	require.NoError(t, err)
	_, ok := r.Build(thirdparty.Platform{OS: "linux", Arch: "arm"})
	assert.False(t, ok)
}

func TestParsePlatform(t *testing.T) {
	for in, want := range map[string]string{
		"linux/amd64":   "linux/amd64",
		"linux/arm/v7":  "linux/arm",
		"linux/armv7":   "linux/arm",
		"windows/amd64": "windows/amd64",
	} {
		p, err := thirdparty.ParsePlatform(in)
		require.NoError(t, err)
		assert.Equal(t, want, p.String())
	}
	for _, in := range []string{"", "linux", "linux/", "/amd64", "linux/arm/v6/x", "linux/arm64/"} {
		_, err := thirdparty.ParsePlatform(in)
		assert.ErrorIs(t, err, thirdparty.ErrUnknown, "%q", in)
	}
}

func FuzzParsePlatform(f *testing.F) {
	for _, seed := range []string{"linux/amd64", "linux/arm/v7", "", "/", "a/b/c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := thirdparty.ParsePlatform(s)
		if err != nil {
			return
		}
		again, err := thirdparty.ParsePlatform(p.String())
		require.NoError(t, err)
		assert.Equal(t, p, again)
	})
}
