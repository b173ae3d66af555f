package fetch

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// inner stands between the path of a zip in an archive and that of a file in the zip.
const inner = "!/"

// maxInner is how large a zip in an archive may be, in bytes. It is held in memory.
const maxInner = 64 << 20

// withMember calls use with the content of one regular file of an archive: a .tgz, or the
// zip that a wheel and a jar are. The file may be in a zip in there, see [inner].
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
	limited := func(r io.Reader) error { return use(io.LimitReader(r, size+1)) }
	outer, member, nested := strings.Cut(member, inner)
	err := find(archive, outer, func(r io.Reader) error {
		if nested {
			return inInnerZip(r, member, limited)
		}
		return limited(r)
	})
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
	return inZipReader(&z.Reader, member, use)
}

// inInnerZip is [inZip] for a zip that is itself in an archive.
func inInnerZip(r io.Reader, member string, use func(io.Reader) error) error {
	content, err := io.ReadAll(io.LimitReader(r, maxInner))
	if err != nil {
		return err
	}
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return err
	}
	return inZipReader(z, member, use)
}

func inZipReader(z *zip.Reader, member string, use func(io.Reader) error) error {
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
