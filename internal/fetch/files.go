package fetch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gocoral/coral/internal/files"
)

// hashError is a file that is not the one the manifest means.
type hashError struct{ path, got, want string }

func (e *hashError) Error() string {
	return fmt.Sprintf("%s has sha256 %s, the manifest says %s", e.path, e.got, e.want)
}

// CheckFile returns nil if the file has the SHA-256, in lower-case hexadecimal. The error of
// one that is not there is [fs.ErrNotExist].
func CheckFile(path, sum string) error {
	f, err := files.Open(path) // a pipe would block, and a device might have no end
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != sum {
		return &hashError{path, got, sum}
	}
	return nil
}

// WriteFile makes dst hold the content of src, and only if that has the SHA-256 sum (any, if
// it is empty). Folders are made as needed. Whoever reads dst meanwhile, another call of this
// command included, sees the old file or the new one, never a part: the content
// goes to a file of its own, which is renamed over dst.
func WriteFile(dst string, mode fs.FileMode, src io.Reader, sum string) (err error) {
	if err := makeDir(filepath.Dir(dst)); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(dst), "."+filepath.Base(dst)+".*")
	if err != nil {
		return unwritable(err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(f, h), src); err != nil {
		return fmt.Errorf("%s: %w", dst, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); sum != "" && got != sum {
		return refuse(&hashError{dst, got, sum})
	}
	if err := f.Chmod(mode); err != nil { // CreateTemp gives 0600
		return unwritable(err)
	}
	if err := f.Sync(); err != nil {
		return unwritable(err)
	}
	if err := f.Close(); err != nil {
		return unwritable(err)
	}
	if err := os.Rename(f.Name(), dst); err != nil {
		return unwritable(err)
	}
	return nil
}

// CopyFile is [WriteFile] with the content of another file.
func CopyFile(dst string, mode fs.FileMode, src, sum string) error {
	f, err := os.Open(src)
	if err != nil {
		return err
	}
	defer f.Close()
	return WriteFile(dst, mode, f, sum)
}

func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return unwritable(err)
	}
	return nil
}

// checkWritable reports before a download what would keep its result from being written.
func checkWritable(dst string) error {
	if err := files.Regular(dst); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is in the way: %w", dst, err)
	}
	f, err := os.CreateTemp(filepath.Dir(dst), "."+filepath.Base(dst)+".*")
	if err != nil {
		return unwritable(err)
	}
	f.Close()
	return os.Remove(f.Name())
}

func unwritable(err error) error {
	return fmt.Errorf("%w; choose a folder that you may write to", err)
}
