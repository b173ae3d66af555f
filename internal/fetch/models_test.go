package fetch_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/fetch"
	"github.com/gocoral/coral/internal/fetch/fetchtest"
	thirdparty "github.com/gocoral/coral/third_party"
)

func TestModelsOfEachClient(t *testing.T) {
	w := newWorld(t)
	for _, c := range w.Models() {
		require.NoError(t, w.Fetcher.Models(t.Context(), "models", c))
	}
	names := []string{"a.tflite", "b.tflite", "b.txt", "c.png", "d.tflite", "e.json"}
	assert.ElementsMatch(t, names, w.Files("models"))
	for _, name := range names {
		path := filepath.Join("models", name)
		assert.Equal(t, "content of "+name, w.Read(path))
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o644), info.Mode())
	}
	log := w.Read(w.Log)
	assert.Contains(t, log, "go mod download -json example.org/models@v1.0.0\n")
	assert.Contains(t, log, "pip wants c==1.0 --hash=sha256:")
	assert.Contains(t, log, " --platform win_amd64 --python-version 3.11 --implementation cp --abi cp311 ")
	assert.Contains(t, log, "pip wants d==1.0 --hash=sha256:")
	assert.Contains(t, log, " --platform any --python-version 3.11 --implementation py --abi none ")
	assert.Contains(t, log, "npm pack --loglevel=error --ignore-scripts @e/e@1.0\n")
	assert.Contains(t, w.notes.String(), "fetching @e/e 1.0 with npm\n")
	assert.Empty(t, w.Files(w.Temp))

	// What is there needs no package manager.
	w.Remove("go", "python3", "npm")
	for _, c := range w.Models() {
		assert.NoError(t, w.Fetcher.Models(t.Context(), "models", c))
	}
}

func TestModelsOfArchivesRefused(t *testing.T) {
	const wheel, zipped = 1, 2
	for name, c := range map[string]struct {
		of      int
		prepare func(w world, c *thirdparty.Collection)
		want    []string
	}{
		"no python":       {wheel, func(w world, _ *thirdparty.Collection) { w.Remove("python3") }, []string{"pip not found"}},
		"another archive": {wheel, func(w world, _ *thirdparty.Collection) { w.Put(filepath.Join(w.Served, "c.whl"), "other") }, []string{"c.whl has sha256 " + fetchtest.Sum("other"), "refused"}},
		"another file":    {wheel, func(_ world, c *thirdparty.Collection) { c.Files[0].SHA256 = fetchtest.Sum("x") }, []string{"c.png has sha256", "refused"}},
		"a longer file":   {zipped, func(_ world, c *thirdparty.Collection) { c.Files[0].Size = 3 }, []string{"d.tflite has sha256", "refused"}},
		"no file":         {wheel, func(_ world, c *thirdparty.Collection) { c.Files[0].Path = "data/x" }, []string{"c.whl: data/x: no such regular file inside"}},
		"no inner file":   {zipped, func(_ world, c *thirdparty.Collection) { c.Files[0].Path = "data/d.zip!/x" }, []string{"d.whl: x: no such regular file inside"}},
		"no inner zip":    {zipped, func(_ world, c *thirdparty.Collection) { c.Files[0].Path = "data/x.zip!/x" }, []string{"data/x.zip: no such regular file inside"}},
		"not a zip":       {zipped, func(_ world, c *thirdparty.Collection) { c.Files[0].Path = "README!/x" }, []string{"d.whl: zip: not a valid zip file"}},
		"unknown client":  {wheel, func(_ world, c *thirdparty.Collection) { c.Client = "apt" }, []string{`unknown client "apt"`}},
		"unwritable":      {wheel, func(w world, _ *thirdparty.Collection) { w.Put("models", "a file") }, []string{"choose a folder"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			collection := w.Models()[c.of]
			c.prepare(w, &collection)
			err := w.Fetcher.Models(t.Context(), "models", collection)
			require.Error(t, err)
			for _, part := range c.want {
				assert.ErrorContains(t, err, part)
			}
			assert.NotContains(t, err.Error(), "\n")
			assert.Empty(t, w.Files(w.Temp))
			assert.NoFileExists(t, filepath.Join("models", collection.Files[0].Name))
		})
	}
}

// The tests that use the real manifest, package managers and network, with all hashes.
func TestModelsForReal(t *testing.T) {
	if os.Getenv("CORAL_TEST_FETCH") == "" {
		t.Skip("set CORAL_TEST_FETCH=1 to download with the real package managers")
	}
	for _, c := range thirdparty.Models() {
		require.NoError(t, fetch.New(nil).Models(t.Context(), t.TempDir(), c), c.Package)
	}
}
