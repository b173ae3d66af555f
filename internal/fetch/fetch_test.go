package fetch_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/fetch"
	"github.com/gocoral/coral/internal/fetch/fetchtest"
	thirdparty "github.com/gocoral/coral/third_party"
)

// world is a machine, with what the Fetcher told its user.
type world struct {
	*fetchtest.World
	notes *strings.Builder
}

func newWorld(t *testing.T) world {
	w := world{fetchtest.New(t), new(strings.Builder)}
	var mu sync.Mutex
	w.Fetcher.Note = func(line string) {
		mu.Lock()
		defer mu.Unlock()
		w.notes.WriteString(line + "\n")
	}
	return w
}

// fetched makes a request that has to succeed.
func (w world) fetched(t *testing.T, r fetch.Request) fetch.Library {
	t.Helper()
	l, err := w.Fetcher.Runtime(t.Context(), r)
	require.NoError(t, err)
	require.NoError(t, l.Check())
	return l
}

// refused makes a request that has to fail with a line that has all the parts.
func (w world) refused(t *testing.T, r fetch.Request, parts ...string) {
	t.Helper()
	_, err := w.Fetcher.Runtime(t.Context(), r)
	require.Error(t, err)
	for _, part := range parts {
		assert.ErrorContains(t, err, part)
	}
	assert.NotContains(t, strings.TrimSpace(err.Error()), "\n")
}

func TestEachVersion(t *testing.T) {
	w := newWorld(t)
	for _, version := range []string{"2.17.1", "2.9.0", "2.20.0"} {
		l := w.fetched(t, fetch.Request{Version: version})
		assert.Equal(t, w.Library(version, "linux_amd64"), l.Path)
		assert.Equal(t, fetchtest.Content(version, "linux_amd64"), w.Read(l.Path))
		assert.Equal(t, version, l.Runtime.Version)
	}
	log := w.Read(w.Log)
	assert.Contains(t, log, "pip wants package-2.17.1==1.0 --hash=sha256:"+w.Fetcher.Runtimes[0].Builds[0].ArchiveSHA256)
	assert.Contains(t, log, "npm pack --loglevel=error --ignore-scripts package-2.9.0@1.0")
	assert.Contains(t, log, "-Dartifact=package-2.20.0:1.0:jar:linux_amd64")
	assert.Contains(t, w.notes.String(), "fetching package-2.9.0 1.0 with npm\n")

	// No file of the work is left, only the result of it.
	assert.Empty(t, w.Files(w.Temp))
	assert.Len(t, w.Files(w.Cache), 3)
	assert.Empty(t, w.Files("."))
}

func TestRoot(t *testing.T) {
	w := newWorld(t)
	l := w.fetched(t, fetch.Request{Root: "libraries"})
	path, err := filepath.Abs("libraries/lib/2.17.1/linux_amd64/libtensorflowlite_c.so")
	require.NoError(t, err)
	assert.Equal(t, path, l.Path)
	assert.Empty(t, w.Files(w.Cache))

	w.Put("libraries/go.mod", "module github.com/gocoral/coral\n")
	assert.Equal(t, path, w.fetched(t, fetch.Request{Root: "libraries"}).Path, "a checkout is a folder as any other")
}

func TestInto(t *testing.T) {
	w := newWorld(t)
	l := w.fetched(t, fetch.Request{Into: "bundle/lib", Platform: "linux/arm64"})
	path, err := filepath.Abs("bundle/lib/libtensorflowlite_c.so")
	require.NoError(t, err)
	assert.Equal(t, path, l.Path)
	assert.Equal(t, []string{"libtensorflowlite_c.so"}, w.Files("bundle/lib"))
	assert.Equal(t, fetchtest.Content("2.17.1", "linux_arm64"), w.Read(l.Path))
	assert.Empty(t, w.Files(w.Cache))

	w.fetched(t, fetch.Request{Into: "bundle/lib", Version: "2.9.0"})
	assert.Equal(t, fetchtest.Content("2.9.0", "linux_amd64"), w.Read(l.Path), "the file is the one that was asked for last")
	w.refused(t, fetch.Request{Into: "a", Root: "b"}, "--root and --into exclude each other")
}

func TestWithoutACacheFolder(t *testing.T) {
	w := newWorld(t)
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	w.refused(t, fetch.Request{}, "no cache folder", "HOME", "--root", "--into")
	assert.Empty(t, w.Read(w.Log))
	w.fetched(t, fetch.Request{Root: "r"})
	w.fetched(t, fetch.Request{Into: "i"})
}

func TestWhatIsThereNeedsNothing(t *testing.T) {
	w := newWorld(t)
	w.fetched(t, fetch.Request{})
	w.Remove("python3", "npm", "mvn", "go")
	w.notes.Reset()
	w.fetched(t, fetch.Request{})
	w.fetched(t, fetch.Request{Into: "copy of the cache's"})
	w.fetched(t, fetch.Request{Root: "another"})
	assert.Empty(t, w.notes.String())

	w.Put(w.Library("2.17.1", "linux_amd64"), "rubbish")
	w.refused(t, fetch.Request{Into: "not that"}, "pip not found")
	assert.Empty(t, w.Files("not that"))
}

func TestDamageIsRepaired(t *testing.T) {
	w := newWorld(t)
	lib := w.Library("2.17.1", "linux_amd64")
	w.Put(lib, "rubbish")
	w.fetched(t, fetch.Request{})
	assert.Contains(t, w.notes.String(), lib+" has sha256 "+fetchtest.Sum("rubbish"))
	assert.Contains(t, w.notes.String(), "fetching it again\n")
	assert.Equal(t, fetchtest.Content("2.17.1", "linux_amd64"), w.Read(lib))
}

func TestStates(t *testing.T) {
	w := newWorld(t)
	w.fetched(t, fetch.Request{Version: "2.9.0"})
	w.fetched(t, fetch.Request{})
	w.Put(w.Library("2.20.0", "linux_amd64"), "rubbish")
	states := map[string]fetch.State{}
	for _, l := range w.Fetcher.Libraries(w.Cache) {
		state, err := l.State()
		require.NoError(t, err)
		states[l.Runtime.Version+" "+l.Build.String()] = state
	}
	assert.Equal(t, map[string]fetch.State{
		"2.17.1 linux/amd64": fetch.Fetched, "2.17.1 linux/arm64": fetch.Absent, "2.17.1 linux/arm": fetch.Absent,
		"2.9.0 linux/amd64": fetch.Fetched, "2.9.0 linux/arm64": fetch.Absent,
		"2.20.0 linux/amd64": fetch.Damaged,
	}, states)
}

// What is said is what package tflite does when it looks for a library.
func TestHowUsed(t *testing.T) {
	w := newWorld(t)
	for want, r := range map[string]fetch.Request{
		"programs find it there by themselves":                                              {},
		"there by themselves, unless 2.17.1 or a newer one is there too: then let CORAL_TF": {Version: "2.9.0"},
		"programs use it where CORAL_TFLITE_LIB names it":                                   {Root: "r"},
		"programs find it beside them":                                                      {Into: "i", Platform: "linux/arm"},
	} {
		l, err := w.Fetcher.Choose(t.Context(), r)
		require.NoError(t, err)
		assert.Contains(t, w.Fetcher.HowUsed(r, l), want)
	}
	r := fetch.Request{Platform: "linux/arm"}
	l, err := w.Fetcher.Choose(t.Context(), r)
	require.NoError(t, err)
	assert.Empty(t, w.Fetcher.HowUsed(r, l))
}

func TestFailures(t *testing.T) {
	build := func(w world, i int) *thirdparty.Build { return &w.Fetcher.Runtimes[i].Builds[0] }
	tests := map[string]struct {
		prepare func(w world)
		request fetch.Request
		want    []string
	}{
		"no python":   {func(w world) { w.Remove("python3") }, fetch.Request{}, []string{"pip not found: apt-get install python3-pip"}},
		"no pip":      {func(w world) { w.Program("python3", "echo python3: No module named pip >&2; exit 1") }, fetch.Request{}, []string{"pip not found: apt-get install python3-pip"}},
		"no npm":      {func(w world) { w.Remove("npm") }, fetch.Request{Version: "2.9.0"}, []string{"npm not found: apt-get install npm"}},
		"no mvn":      {func(w world) { w.Remove("mvn") }, fetch.Request{Version: "2.20.0"}, []string{"mvn not found: apt-get install maven"}},
		"bad version": {nil, fetch.Request{Version: "3"}, []string{"TensorFlow Lite 3", "2.17.1, 2.9.0, 2.20.0"}},
		"bad platform": {
			nil,
			fetch.Request{Platform: "plan9/mips"},
			[]string{"no TensorFlow Lite for plan9/mips", "linux/amd64, linux/arm64, linux/arm"},
		},
		"bad platform and version": {nil, fetch.Request{Platform: "plan9/mips", Version: "2.9.0"}, []string{"no TensorFlow Lite for plan9/mips"}},
		"not a platform":           {nil, fetch.Request{Platform: "linux"}, []string{"os/arch"}},
		"version lacks platform":   {nil, fetch.Request{Platform: "linux/arm", Version: "2.9.0"}, []string{"no TensorFlow Lite 2.9.0 for linux/arm; use 2.17.1"}},
		"pip says the hash differs": {func(w world) {
			w.Program("python3", "echo 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM' >&2; exit 1")
		}, fetch.Request{}, []string{"sha256 is not that of the manifest", "refused"}},
		"another archive": {
			func(w world) { w.Put(filepath.Join(w.Served, "2.9.0_linux_amd64.tgz"), "other") },
			fetch.Request{Version: "2.9.0"},
			[]string{"2.9.0_linux_amd64.tgz has sha256 " + fetchtest.Sum("other"), "the manifest says ", "refused"},
		},
		"archive missing":    {func(w world) { w.Program("npm", "exit 0") }, fetch.Request{Version: "2.9.0"}, []string{"npm did not bring 2.9.0_linux_amd64.tgz"}},
		"library differs":    {func(w world) { build(w, 0).LibrarySHA256 = fetchtest.Sum("x") }, fetch.Request{}, []string{"libtensorflowlite_c.so has sha256", "refused"}},
		"library is longer":  {func(w world) { build(w, 0).LibrarySize = 3 }, fetch.Request{}, []string{"libtensorflowlite_c.so has sha256", "refused"}},
		"library not inside": {func(w world) { build(w, 0).Member = "gone.so" }, fetch.Request{}, []string{"2.17.1_linux_amd64.whl: gone.so: no such regular file"}},
		"tgz lacks library":  {func(w world) { build(w, 1).Member = "gone.so" }, fetch.Request{Version: "2.9.0"}, []string{"gone.so: no such regular file"}},
		"unknown client":     {func(w world) { w.Fetcher.Runtimes[0].Client = "apt" }, fetch.Request{}, []string{`unknown client "apt"`}},
		"no network": {
			func(w world) {
				w.Program("python3", "echo 'WARNING: connection broken: [Errno -3] Temporary failure in name resolution'; echo 'ERROR: No matching distribution found'; exit 1")
			},
			fetch.Request{},
			[]string{"pip failed: [Errno -3] Temporary failure in name resolution (exit status 1)", "check the network"},
		},
		"unwritable":      {func(w world) { w.Put(filepath.Join(w.Cache, "lib"), "a file") }, fetch.Request{}, []string{"lib", "choose a folder"}},
		"unwritable root": {func(w world) { w.Put("occupied", "a file") }, fetch.Request{Root: "occupied"}, []string{"occupied", "choose a folder"}},
		"unwritable into": {func(w world) { w.Put("occupied", "a file") }, fetch.Request{Into: "occupied"}, []string{"occupied", "choose a folder"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if test.prepare != nil {
				test.prepare(w)
			}
			w.refused(t, test.request, test.want...)
			assert.Empty(t, w.Files(w.Temp))
			if strings.HasPrefix(name, "unwritable") {
				assert.Empty(t, w.Read(w.Log), "this shows before the long part")
			} else {
				assert.Empty(t, w.Files(w.Cache))
			}
		})
	}
}

// An archive may be called anything and hold any path: only the one member is
// read, and it goes where the manifest says.
func TestArchiveCannotChooseWhereItIsWritten(t *testing.T) {
	evil := []fetchtest.Member{
		{Name: "../../../../../../evil.so", Text: "evil"},
		{Name: "/evil.so", Text: "evil"},
		{Name: `..\..\evil.so`, Text: "evil"},
		{Name: "deep/in/lib.so", Text: "good"},
	}
	for i, version := range []string{"2.17.1", "2.9.0", "2.20.0"} {
		w := newWorld(t)
		b := &w.Fetcher.Runtimes[i].Builds[0]
		b.ArchiveSHA256 = w.Archive(b.Archive, evil...)
		b.LibrarySHA256, b.LibrarySize = fetchtest.Sum("good"), 4
		l := w.fetched(t, fetch.Request{Version: version})
		assert.Equal(t, "good", w.Read(l.Path))
		for _, file := range w.Files(filepath.Dir(w.Temp)) {
			assert.NotContains(t, file, "evil")
		}
		assert.NoFileExists(t, "/evil.so")

		b.Member, b.LibrarySHA256 = "../../../../../../evil.so", fetchtest.Sum("evil")
		l = w.fetched(t, fetch.Request{Version: version})
		assert.Equal(t, w.Library(version, "linux_amd64"), l.Path, "even the member's own path is not used")
		assert.Equal(t, "evil", w.Read(l.Path))
	}
}

func TestConcurrentFetches(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	failures := make([]error, 8)
	for i := range failures {
		wg.Go(func() { _, failures[i] = w.Fetcher.Runtime(t.Context(), fetch.Request{}) })
	}
	wg.Wait()
	for _, err := range failures {
		assert.NoError(t, err)
	}
	assert.Equal(t, fetchtest.Content("2.17.1", "linux_amd64"), w.Read(w.Library("2.17.1", "linux_amd64")))
	assert.Len(t, w.Files(w.Cache), 1)
}

func TestInterrupt(t *testing.T) {
	w := newWorld(t)
	w.Program("python3", "echo started >>'"+w.Log+"'; while :; do :; done")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for {
			if log, err := os.ReadFile(w.Log); err != nil || bytes.Contains(log, []byte("started")) {
				break
			}
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err := w.Fetcher.Runtime(ctx, fetch.Request{})
	require.Error(t, err)
	require.ErrorIs(t, ctx.Err(), context.Canceled)
	assert.Empty(t, w.Files(w.Cache))
	assert.Empty(t, w.Files(w.Temp))
}

// The one test that uses the real manifest, package managers and network.
func TestForReal(t *testing.T) {
	if os.Getenv("CORAL_TEST_FETCH") == "" {
		t.Skip("set CORAL_TEST_FETCH=1 to download with the real package managers")
	}
	root := t.TempDir()
	for _, version := range []string{"2.17.1", "2.9.0", "2.20.0"} {
		l, err := fetch.New(nil).Runtime(t.Context(), fetch.Request{Root: root, Version: version, Platform: "linux/arm64"})
		require.NoError(t, err)
		assert.Equal(t, filepath.Join(root, "lib", version, "linux_arm64", "libtensorflowlite_c.so"), l.Path)
		assert.NoError(t, l.Check())
	}
}
