package fetch

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// withMember calls use with the content of one regular file of an archive: a
// .tgz, or the zip that a wheel and a jar are.
//
// No path of the archive ever becomes a path on disk: the caller has chosen the
// destination before, so entries like "../../x" have nothing to act on. size
// bounds what is read, in case the archive expands to far more than it says.
func withMember(archive, member string, size int64, use func(io.Reader) error) error {
	find := inZip
	if strings.HasSuffix(archive, ".tgz") {
		find = inTar
	}
	// One byte more than it should be is enough to fail the hash.
	err := find(archive, member, func(r io.Reader) error { return use(io.LimitReader(r, size+1)) })
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(archive), err)
	}
	return nil
}

var errNoMember = errors.New("no such regular file inside")

func inZip(archive, member string, use func(io.Reader) error) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		if f.Name != member || !f.Mode().IsRegular() {
			continue
		}
		return useZipped(f, use)
	}
	return fmt.Errorf("%s: %w", member, errNoMember)
}

func useZipped(f *zip.File, use func(io.Reader) error) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	return use(r)
}

func inTar(archive, member string, use func(io.Reader) error) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for t := tar.NewReader(gz); ; {
		h, err := t.Next()
		if err == io.EOF {
			return fmt.Errorf("%s: %w", member, errNoMember)
		}
		if err != nil {
			return err
		}
		if h.Name == member && h.Typeflag == tar.TypeReg {
			return use(t)
		}
	}
}
