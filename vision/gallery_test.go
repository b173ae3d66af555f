package vision_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

func openGallery(t testing.TB, path, model string) *vision.Gallery {
	t.Helper()
	g, err := vision.OpenGallery(path, model)
	require.NoError(t, err)
	return g
}

func galleryPath(t testing.TB) string { return filepath.Join(t.TempDir(), "faces.json") }

func TestGallery(t *testing.T) {
	path := galleryPath(t)
	for _, g := range []*vision.Gallery{openGallery(t, path, "net"), openGallery(t, "", ""), {}} {
		require.NoError(t, g.Add("Bob", []float32{0, 2, 0}))
		require.NoError(t, g.Add("Ann", []float32{5, 0, 0}))
		require.NoError(t, g.Add("Ann", []float32{3, 4, 0})) // another picture of her
		require.NoError(t, g.Add("Eve", []float32{0, 7, 0}))
		assert.Equal(t, []string{"Ann", "Bob", "Eve"}, g.Names())
		assert.Equal(t, 4, g.Len())

		got, err := g.Search([]float32{0, 1, 0}, -1)
		require.NoError(t, err)
		assert.Equal(t, []vision.Match{{"Bob", 1}, {"Eve", 1}, {"Ann", 0.8}}, got)
		got, err = g.Search([]float32{9, 0, 0}, 1)
		require.NoError(t, err)
		assert.Equal(t, []vision.Match{{"Ann", 1}}, got)
		got, err = g.Search([]float32{9, 0, 0}, 0)
		require.NoError(t, err)
		assert.Empty(t, got)

		n, err := g.Remove("Ann")
		require.NoError(t, err)
		assert.Equal(t, 2, n)
		n, err = g.Remove("Ann")
		require.NoError(t, err)
		assert.Zero(t, n)
		assert.Equal(t, []string{"Bob", "Eve"}, g.Names())
	}
	again := openGallery(t, path, "")
	assert.Equal(t, []string{"Bob", "Eve"}, again.Names())
	assert.JSONEq(t, `{"format":1,"model":"net","dimension":3,"vectors":[{"name":"Bob","vector":[0,1,0]},{"name":"Eve","vector":[0,1,0]}]}`,
		string(readFile(t, path)))
}

// The file does not depend on the order in which names came.
func TestGalleryOrder(t *testing.T) {
	var files []string
	for _, names := range [][]string{{"a", "b", "c"}, {"c", "a", "b"}} {
		path := galleryPath(t)
		g := openGallery(t, path, "")
		for _, n := range names {
			require.NoError(t, g.Add(n, []float32{float32(n[0]), 1}))
		}
		files = append(files, string(readFile(t, path)))
	}
	assert.Equal(t, files[0], files[1])
}

func TestGalleryOfAnotherModel(t *testing.T) {
	path := galleryPath(t)
	g := openGallery(t, path, "abc")
	require.NoError(t, g.Add("Ann", []float32{1, 2}))
	_, err := vision.OpenGallery(path, "def")
	require.ErrorIs(t, err, vision.ErrGallery)
	assert.ErrorContains(t, err, `its vectors are of the model "abc", and not of "def"`)

	require.ErrorIs(t, g.Add("Bob", []float32{1, 2, 3}), vision.ErrGallery)
	assert.ErrorContains(t, g.Add("Bob", []float32{1, 2, 3}), "its vectors have 2 dimensions, this one has 3")
	_, err = g.Search([]float32{1}, -1)
	require.ErrorIs(t, err, vision.ErrGallery)

	// An empty one takes any.
	_, err = g.Remove("Ann")
	require.NoError(t, err)
	require.NoError(t, openGallery(t, path, "abc").Add("Bob", []float32{1, 2, 3}))
}

func TestGalleryRefuses(t *testing.T) {
	path := galleryPath(t)
	g := openGallery(t, path, "")
	require.NoError(t, g.Add("Ann", []float32{1, 2}))
	before := readFile(t, path)
	for name, err := range map[string]error{
		"no name": g.Add("", []float32{1, 2}), "no text": g.Add("\xff", []float32{1, 2}), "long": g.Add(strings.Repeat("x", 5000), []float32{1, 2}),
	} {
		require.ErrorIs(t, err, vision.ErrLabels, name)
	}
	for _, v := range [][]float32{{0, 0}, {1, nan}, {infinity, 1}} {
		require.ErrorIs(t, g.Add("Bob", v), vision.ErrRange)
		_, err := g.Search(v, -1)
		require.ErrorIs(t, err, vision.ErrRange)
	}
	require.Error(t, g.Add("Bob", nil))
	assert.Equal(t, before, readFile(t, path))
	assert.Equal(t, 1, g.Len())
}

// A file that cannot be read as a gallery is named, and stays as it is.
func TestGalleryBadFiles(t *testing.T) {
	good := `{"format":1,"dimension":2,"vectors":[{"name":"Ann","vector":[0.6,0.8]}]}`
	for name, c := range map[string]struct{ text, says string }{
		"empty":             {"", "it is damaged, or something else: EOF"},
		"cut off":           {good[:40], "unexpected EOF"},
		"not JSON":          {"Ann", "invalid character"},
		"a list":            {"[1]", "cannot unmarshal"},
		"two":               {good + good, "there is something behind its end"},
		"another JSON":      {"{}", "it has format 0, this program reads format 1"},
		"a later version":   {strings.Replace(good, `"format":1`, `"format":2`, 1), "it has format 2"},
		"another dimension": {strings.Replace(good, `"dimension":2`, `"dimension":3`, 1), "vector 0: it has 2 numbers, the gallery's dimension is 3"},
		"no dimension":      {`{"format":1,"vectors":[{"name":"Ann","vector":[]}]}`, "vector 0: it has 0 numbers"},
		"no name":           {strings.Replace(good, "Ann", "", 1), "vector 0: it has no name"},
		"another length":    {strings.Replace(good, "0.8", "0.9", 1), "vector 0: its length is 1.08"},
		"too large":         {strings.Replace(good, "0.8", "1e99", 1), "cannot unmarshal number 1e99"},
	} {
		t.Run(name, func(t *testing.T) {
			path := galleryPath(t)
			require.NoError(t, os.WriteFile(path, []byte(good), 0o600))
			g := openGallery(t, path, "")
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
			_, err := vision.OpenGallery(path, "")
			require.ErrorIs(t, err, vision.ErrGallery)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, path)
			// Nor does one that was open before write over it.
			require.ErrorIs(t, g.Add("Bob", []float32{1, 2}), vision.ErrGallery)
			assert.Equal(t, c.text, string(readFile(t, path)))
			assert.Equal(t, []string{"Ann"}, g.Names())
		})
	}
	_, err := vision.OpenGallery(t.TempDir(), "")
	require.ErrorIs(t, err, vision.ErrGallery, "a directory")
}

// Two that have the same file open do not undo each other's changes.
func TestGalleryTwoProcesses(t *testing.T) {
	path := galleryPath(t)
	a, b := openGallery(t, path, ""), openGallery(t, path, "")
	require.NoError(t, a.Add("Ann", []float32{1, 0}))
	require.NoError(t, b.Add("Bob", []float32{0, 1}))
	require.NoError(t, a.Add("Eve", []float32{1, 1}))
	assert.Equal(t, []string{"Ann", "Bob", "Eve"}, openGallery(t, path, "").Names())
}

// A file that cannot be written is an error, and the gallery is as before.
func TestGalleryNotWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "faces.json")
	g := openGallery(t, path, "")
	require.ErrorIs(t, g.Add("Ann", []float32{1, 0}), os.ErrNotExist)
	assert.Zero(t, g.Len())
}

// Nothing but the file is left behind, it is the user's alone, and a link stays one.
func TestGalleryFile(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "faces.json"), filepath.Join(dir, "link.json")
	require.NoError(t, openGallery(t, path, "").Add("Ann", []float32{1, 0}))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	if err := os.Symlink("faces.json", link); err != nil {
		t.Skip(err)
	}
	require.NoError(t, openGallery(t, link, "").Add("Bob", []float32{1, 0}))
	assert.Equal(t, []string{"Ann", "Bob"}, openGallery(t, path, "").Names())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 2)
}

func TestGalleryConcurrently(t *testing.T) {
	path := galleryPath(t)
	g := openGallery(t, path, "")
	var group sync.WaitGroup
	for k := range 8 {
		group.Go(func() {
			for n := range 5 {
				assert.NoError(t, g.Add(fmt.Sprint(k, n), []float32{float32(k + 1), float32(n)}))
				_, err := g.Search([]float32{1, 1}, 3)
				assert.NoError(t, err)
			}
		})
	}
	group.Wait()
	assert.Equal(t, 40, openGallery(t, path, "").Len())
}

func FuzzGallery(f *testing.F) {
	f.Add([]byte(`{"format":1,"dimension":2,"vectors":[{"name":"Ann","vector":[0.6,0.8]}]}`))
	f.Add([]byte(`{"format":1,"dimension":0,"vectors":[]}`))
	path := galleryPath(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		require.NoError(t, os.WriteFile(path, text, 0o600))
		g, err := vision.OpenGallery(path, "")
		if err != nil {
			return
		}
		for _, name := range g.Names() {
			_, err := g.Remove(name)
			require.NoError(t, err)
		}
		require.NoError(t, g.Add("Eve", []float32{1, 2, 3}))
		assert.Equal(t, []string{"Eve"}, openGallery(t, path, "").Names())
	})
}
