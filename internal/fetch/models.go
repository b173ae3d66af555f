package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	thirdparty "github.com/gocoral/coral/third_party"
)

// modelMode is what models and pictures are written with.
const modelMode fs.FileMode = 0o644

// Models makes all files of a collection be in dir, with the right hashes. The package is
// fetched only if one is not.
func (f *Fetcher) Models(ctx context.Context, dir string, c thirdparty.Collection) error {
	var missing []thirdparty.File
	for _, file := range c.Files {
		if CheckFile(filepath.Join(dir, file.Name), file.SHA256) != nil {
			missing = append(missing, file)
		}
	}
	if missing == nil {
		return nil
	}
	if err := makeDir(dir); err != nil {
		return err
	}
	f.notef("fetching %s %s with %s", c.Package, c.PackageVersion, c.Client)
	c.Files = missing
	if c.Client == thirdparty.GoModules {
		return copyOfModule(ctx, dir, c)
	}
	return copyOfArchive(ctx, dir, c)
}

// copyOfModule fetches the module of a collection and copies its files to dir.
func copyOfModule(ctx context.Context, dir string, c thirdparty.Collection) error {
	module, err := Module(ctx, c.Package, c.PackageVersion, c.Sum)
	if err != nil {
		return err
	}
	for _, file := range c.Files {
		src := filepath.Join(module, filepath.FromSlash(file.Path))
		if err := CopyFile(filepath.Join(dir, file.Name), modelMode, src, file.SHA256); err != nil {
			return err
		}
	}
	return nil
}

// copyOfArchive fetches the archive of a collection and copies its files to dir.
func copyOfArchive(ctx context.Context, dir string, c thirdparty.Collection) error {
	tmp, err := os.MkdirTemp("", "coral-runtime-*")
	if err != nil {
		return unwritable(err)
	}
	defer os.RemoveAll(tmp)
	archive, err := download(ctx, tmp, orderOfCollection(c))
	if err != nil {
		return err
	}
	for _, file := range c.Files {
		err := withMember(archive, file.Path, file.Size, func(r io.Reader) error {
			return WriteFile(filepath.Join(dir, file.Name), modelMode, r, file.SHA256)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Module returns the folder of a module in the go command's cache, and fetches it if need
// be. sum is its hash in go.sum's notation; empty, the go command's own check suffices.
func Module(ctx context.Context, module, version, sum string) (string, error) {
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

// runGo runs the go command in a folder of ours, see [runIn], and returns what it printed on
// standard output.
func runGo(ctx context.Context, dir string, args ...string) (string, error) {
	program, err := exec.LookPath("go")
	if err != nil {
		return "", errors.New("go not found: put the go command on PATH")
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = clientError("go", stderr.String(), err)
	}
	return string(out), err
}
