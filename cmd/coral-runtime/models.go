package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gocoral/coral/internal/fetch"
	thirdparty "github.com/gocoral/coral/third_party"
)

// fetchModels is the command models.
func (t *tool) fetchModels(flags *flag.FlagSet) func(context.Context, []string) error {
	dir := flags.String("dir", "", "`folder` for the files (default: third_party/models in a checkout, else models in --root)")
	group := flags.String("group", string(thirdparty.GroupDemo), "fetch the files of this `group`: demo, tasks, more or graphs")
	all := flags.Bool("all", false, "fetch all files that can be used as they are: the groups demo, tasks and more")
	list := flags.Bool("list", false, "fetch nothing, and print what there is")
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
		if *list {
			return t.listModels(folder)
		}
		chosen := 0
		flags.Visit(func(f *flag.Flag) {
			if f.Name == "group" || f.Name == "all" {
				chosen++
			}
		})
		if chosen > 1 || chosen > 0 && len(names) > 0 {
			return usageError{errors.New("--group, --all and names exclude each other")}
		}
		wanted, err := t.selectModels(names, thirdparty.Group(*group), *all)
		if err != nil {
			return err
		}
		return t.fetchCollections(ctx, folder, wanted)
	}
}

func (t *tool) fetchCollections(ctx context.Context, folder string, wanted []thirdparty.Collection) error {
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

// listModels prints a line for each file.
func (t *tool) listModels(folder string) error {
	w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tGROUP\tSTATE\tLICENCE\tFROM\tABOUT")
	for _, c := range t.models {
		from := fmt.Sprintf("%s %s (%s, %.0f MB)", c.Package, c.PackageVersion, c.Client, float64(c.Size)/1e6)
		for _, f := range c.Files {
			state := fetch.Absent
			if fetch.CheckFile(filepath.Join(folder, f.Name), f.SHA256) == nil {
				state = fetch.Fetched
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", f.Name, c.Group, state, f.Licence, from, f.About)
		}
	}
	return w.Flush()
}

// selectModels returns the collections reduced to the files that some name matches, or if
// there are no names those of the group, or all that need no conversion.
func (t *tool) selectModels(names []string, group thirdparty.Group, all bool) ([]thirdparty.Collection, error) {
	if len(names) > 0 {
		return t.namedModels(names)
	}
	groups := []thirdparty.Group{thirdparty.GroupDemo, thirdparty.GroupTasks, thirdparty.GroupMore, thirdparty.GroupGraphs}
	switch {
	case all:
		groups = groups[:3]
	case !slices.Contains(groups, group):
		return nil, usageError{fmt.Errorf("no group is called %q; there are %s", group, joined(groups))}
	default:
		groups = []thirdparty.Group{group}
	}
	var wanted []thirdparty.Collection
	for _, c := range t.models {
		if slices.Contains(groups, c.Group) {
			wanted = append(wanted, c)
		}
	}
	return wanted, nil
}

func joined(groups []thirdparty.Group) string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = string(g)
	}
	return strings.Join(names, ", ")
}

func (t *tool) namedModels(names []string) ([]thirdparty.Collection, error) {
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
