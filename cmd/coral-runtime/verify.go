package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"

	"github.com/gocoral/coral/internal/fetch"
)

// verify is the command of that name. Absent files are no failure: nothing says
// that everything has to be fetched.
func (t *tool) verify(flags *flag.FlagSet) func(context.Context, []string) error {
	var root string
	addRoot(flags, &root)
	return func(context.Context, []string) error {
		libraries, err := fetch.Root(root)
		if err != nil {
			return err
		}
		models, err := modelsFolder(root)
		if err != nil {
			return err
		}
		found, bad := 0, 0
		for path, sum := range t.sums(libraries, models) {
			switch err := fetch.CheckFile(path, sum); {
			case errors.Is(err, fs.ErrNotExist):
				continue
			case err != nil:
				bad++
				t.notef("%s", oneLine(err))
			default:
				fmt.Fprintf(t.stdout, "ok %s\n", short(path))
			}
			found++
		}
		if bad > 0 {
			return fmt.Errorf("%d of %d files are not what the manifest says: fetch them again", bad, found)
		}
		fmt.Fprintf(t.stdout, "%d files checked\n", found)
		return nil
	}
}

// sums yields every file that may have been fetched, with its hash. libraries is the root
// of those, models the folder of the others.
func (t *tool) sums(libraries, models string) iter.Seq2[string, string] {
	return func(yield func(path, sum string) bool) {
		for _, l := range t.fetcher.Libraries(libraries) {
			if !yield(l.Path, l.Build.LibrarySHA256) {
				return
			}
		}
		for _, c := range t.models {
			for _, f := range c.Files {
				if !yield(filepath.Join(models, f.Name), f.SHA256) {
					return
				}
			}
		}
	}
}
