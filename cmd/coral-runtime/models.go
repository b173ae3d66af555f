package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	thirdparty "github.com/gocoral/coral/third_party"
)

// fetchModels is the command models.
func (t *tool) fetchModels(flags *flag.FlagSet) func(context.Context, []string) error {
	dir := flags.String("dir", "", "`folder` for the files (default: third_party/models in a checkout)")
	var root string
	addRoot(flags, &root)
	return func(ctx context.Context, names []string) error {
		where, err := findPlace(root)
		if err != nil {
			return err
		}
		if *dir != "" {
			where.models = *dir
		}
		wanted, err := t.selectModels(names)
		if err != nil {
			return err
		}
		count := 0
		for _, c := range wanted {
			if err := t.ensureFiles(ctx, where.models, c); err != nil {
				return err
			}
			count += len(c.Files)
		}
		fmt.Fprintf(t.stdout, "%d files in %s\n", count, short(where.models))
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

// ensureFiles makes all files of a collection be in dir, with the right hashes.
// The module is fetched only if one is not.
func (t *tool) ensureFiles(ctx context.Context, dir string, c thirdparty.Collection) error {
	module := ""
	for _, f := range c.Files {
		dst := filepath.Join(dir, f.Name)
		if checkFile(dst, f.SHA256) == nil {
			continue
		}
		if module == "" {
			if err := makeDir(dir); err != nil {
				return err
			}
			t.notef("fetching %s %s with go", c.Module, c.Version)
			var err error
			if module, err = downloadModule(ctx, c.Module, c.Version, c.Sum); err != nil {
				return err
			}
		}
		if err := copyFile(dst, 0o644, filepath.Join(module, filepath.FromSlash(f.Path)), f.SHA256); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(dst string, mode os.FileMode, src, sum string) error {
	f, err := os.Open(src)
	if err != nil {
		return err
	}
	defer f.Close()
	return writeFile(dst, mode, f, sum)
}

// downloadModule returns the folder of a module in the go command's cache. sum
// is its hash in go.sum's notation; empty, the go command's own check suffices.
func downloadModule(ctx context.Context, module, version, sum string) (string, error) {
	// In an empty folder: a go.mod of the user's could replace the module.
	tmp, err := os.MkdirTemp("", "coral-runtime-*")
	if err != nil {
		return "", unwritable(err)
	}
	defer os.RemoveAll(tmp)
	out, runErr := runGo(ctx, tmp, "mod", "download", "-json", module+"@"+version)
	var got struct{ Dir, Sum, Error string }
	if err := json.Unmarshal([]byte(out), &got); err == nil && got.Error != "" {
		return "", clientError("go", got.Error, errors.New("go mod download"))
	}
	if runErr != nil {
		return "", runErr
	}
	if sum != "" && got.Sum != sum {
		return "", refuse(fmt.Errorf("%s@%s has the sum %s, the manifest says %s", module, version, got.Sum, sum))
	}
	return got.Dir, nil
}
