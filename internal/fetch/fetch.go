package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gocoral/coral/internal/cache"
	thirdparty "github.com/gocoral/coral/third_party"
)

// Fetcher fetches what a manifest names. Calls may overlap, in several processes too.
type Fetcher struct {
	// Host is the machine that this runs on.
	Host thirdparty.Platform
	// Runtimes are what there is, in order of preference.
	Runtimes []thirdparty.Runtime
	// Note is told in a line, without its end, what the user may want to know before the
	// work is done. Nil tells nobody.
	Note func(line string)
}

// New returns a Fetcher for this machine and the manifest of package thirdparty.
func New(note func(line string)) *Fetcher {
	return &Fetcher{
		Host:     thirdparty.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH},
		Runtimes: thirdparty.Runtimes(),
		Note:     note,
	}
}

func (f *Fetcher) notef(format string, args ...any) {
	if f.Note != nil {
		f.Note(fmt.Sprintf(format, args...))
	}
}

// Request is which library to get, and where to. The zero Request is the one that suits this
// machine, in the user's cache folder.
type Request struct {
	// Version is one of the manifest's; empty, the default, or an older one where this
	// machine's C library is too old for that.
	Version string
	// Platform, as in "linux/arm64", says that the library is for another machine, whose C
	// library is not looked at.
	Platform string
	// Root is a folder of the same layout as the user's cache folder, see package cache, and
	// empty that one.
	Root string
	// Into is a folder that gets the bare library file. Not both Root and Into may be given.
	Into string
}

// Runtime makes the library of a request be where it says, with the right hash.
func (f *Fetcher) Runtime(ctx context.Context, r Request) (Library, error) {
	l, err := f.Choose(ctx, r)
	if err != nil {
		return Library{}, err
	}
	return l, f.ensure(ctx, l)
}

// Choose finds the library of a request, which need not be there yet.
func (f *Fetcher) Choose(ctx context.Context, r Request) (Library, error) {
	if r.Root != "" && r.Into != "" {
		return Library{}, errors.New("--root and --into exclude each other")
	}
	place, err := placeOf(r)
	if err != nil {
		return Library{}, err
	}
	l, err := f.choose(ctx, r)
	if err != nil {
		return Library{}, err
	}
	l.Path = place(l)
	return l, nil
}

// placeOf says where a request wants a library to be.
func placeOf(r Request) (func(Library) string, error) {
	if r.Into != "" {
		dir, err := filepath.Abs(r.Into)
		return func(l Library) string { return filepath.Join(dir, l.Build.Library) }, err
	}
	root, err := Root(r.Root)
	return func(l Library) string { return l.pathIn(root) }, err
}

// Root is the absolute path of a folder that libraries are kept in; dir is [Request].Root.
func Root(dir string) (string, error) {
	if dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := cache.Dir()
	if err != nil {
		return "", fmt.Errorf("%w: name a folder with --root, or fetch the bare library into one with --into", err)
	}
	return dir, nil
}

// ensure makes a library be there.
func (f *Fetcher) ensure(ctx context.Context, l Library) error {
	err := l.Check()
	if err == nil {
		return nil
	}
	if _, damaged := errors.AsType[*hashError](err); damaged {
		f.notef("%s; fetching it again", err)
	}
	// before the long part
	if err := makeDir(filepath.Dir(l.Path)); err != nil {
		return err
	}
	if err := checkWritable(l.Path); err != nil {
		return err
	}
	if l.copyFromCache() {
		return nil
	}
	tmp, err := os.MkdirTemp("", "coral-runtime-*")
	if err != nil {
		return unwritable(err)
	}
	defer os.RemoveAll(tmp)
	f.notef("fetching %s %s with %s", l.Runtime.Package, l.Runtime.PackageVersion, l.Runtime.Client)
	archive, err := download(ctx, tmp, orderOfRuntime(l.Runtime, l.Build))
	if err != nil {
		return err
	}
	return withMember(archive, l.Build.Member, l.Build.LibrarySize, func(r io.Reader) error {
		return WriteFile(l.Path, libraryMode, r, l.Build.LibrarySHA256)
	})
}
