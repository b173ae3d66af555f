package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// fetch is the command of that name.
func (t *tool) fetch(flags *flag.FlagSet) func(context.Context, []string) error {
	var s selection
	s.addTo(flags)
	return func(ctx context.Context, _ []string) error {
		where, what, err := t.resolve(ctx, s)
		if err != nil {
			return err
		}
		if err := t.ensure(ctx, where, what); err != nil {
			return err
		}
		fmt.Fprintf(t.stdout, "TensorFlow Lite %s for %s: %s\n", what.runtime.Version, what.build.Platform, short(where.library(what)))
		if where.checkout == "" && what.build.Platform == t.host {
			fmt.Fprintf(t.stdout, "to build with it, in each shell: eval \"$(go run %s/cmd/coral-runtime env%s)\"\n", modulePath, s.flags())
		}
		return t.link(where, what)
	}
}

// ensure makes the library of a target be there, with the right hash. It needs
// neither network nor package manager if it is there already.
func (t *tool) ensure(ctx context.Context, where place, what target) error {
	dst := where.library(what)
	err := checkFile(dst, what.build.LibrarySHA256)
	if err == nil {
		return nil
	}
	if _, damaged := errors.AsType[*hashError](err); damaged {
		t.notef("%s; fetching it again", oneLine(err))
	}
	if err := makeDir(where.dir(what)); err != nil { // before the long part
		return err
	}
	tmp, err := os.MkdirTemp("", "coral-runtime-*")
	if err != nil {
		return unwritable(err)
	}
	defer os.RemoveAll(tmp)
	t.notef("fetching %s %s with %s", what.runtime.Package, what.runtime.PackageVersion, what.runtime.Client)
	archive, err := download(ctx, tmp, what.runtime, what.build)
	if err != nil {
		return err
	}
	return withMember(archive, what.build.Member, what.build.LibrarySize, func(r io.Reader) error {
		return writeFile(dst, 0o755, r, what.build.LibrarySHA256)
	})
}
