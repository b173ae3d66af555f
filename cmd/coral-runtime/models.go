package main

import (
	"context"
	"flag"
	"fmt"
	"path"
	"strings"

	thirdparty "github.com/gocoral/coral/third_party"
)

// fetchModels is the command models.
func (t *tool) fetchModels(flags *flag.FlagSet) func(context.Context, []string) error {
	dir := flags.String("dir", "", "`folder` for the files (default: third_party/models in a checkout, else models in --root)")
	var root string
	addRoot(flags, &root)
	return func(ctx context.Context, names []string) error {
		folder := *dir
		if folder == "" {
			var err error
			if folder, err = modelsFolder(root); err != nil {
				return err
			}
		}
		wanted, err := t.selectModels(names)
		if err != nil {
			return err
		}
		count := 0
		for _, c := range wanted {
			if err := t.fetcher.Models(ctx, folder, c); err != nil {
				return err
			}
			count += len(c.Files)
		}
		fmt.Fprintf(t.stdout, "%d files in %s\n", count, short(folder))
		return nil
	}
}

// selectModels returns the collections reduced to the files that some name
// matches, or whole if there are no names.
func (t *tool) selectModels(names []string) ([]thirdparty.Collection, error) {
	if len(names) == 0 {
		return t.models, nil
	}
	used := make([]bool, len(names))
	var wanted []thirdparty.Collection
	for _, c := range t.models {
		var files []thirdparty.File
		for _, f := range c.Files {
			ok, err := matchAny(names, f.Name, used)
			if err != nil {
				return nil, err
			}
			if ok {
				files = append(files, f)
			}
		}
		if c.Files = files; files != nil {
			wanted = append(wanted, c)
		}
	}
	for i, ok := range used {
		if !ok {
			return nil, fmt.Errorf("no file is called %q; there are %s", names[i], t.modelNames())
		}
	}
	return wanted, nil
}

// matchAny reports whether a pattern matches name, and marks those that do.
func matchAny(patterns []string, name string, used []bool) (bool, error) {
	matched := false
	for i, pattern := range patterns {
		ok, err := path.Match(pattern, name)
		if err != nil {
			return false, usageError{fmt.Errorf("%q: %w", pattern, err)}
		}
		used[i] = used[i] || ok
		matched = matched || ok
	}
	return matched, nil
}

func (t *tool) modelNames() string {
	var names []string
	for _, c := range t.models {
		for _, f := range c.Files {
			names = append(names, f.Name)
		}
	}
	return strings.Join(names, ", ")
}
