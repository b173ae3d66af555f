package edgetpu

import (
	"io"
	"io/fs"
	"path"
	"strings"
)

// maxAttr is more bytes than any attribute that is read here has.
const maxAttr = 256

// attrReader returns a function that reads the attributes in dir, a folder of
// sysfs: one line of printable ASCII each, without the newline. It gives "" for
// anything else (missing, forbidden, gone while it was read, a folder, a pipe,
// binary, too long), for an attribute is always optional to the probe.
func attrReader(files fs.FS, dir string) func(attribute string) string {
	return func(attribute string) string {
		name := path.Join(dir, attribute)
		// Asked first, because to open a pipe is to wait for its other end.
		if info, err := fs.Stat(files, name); err != nil || !info.Mode().IsRegular() {
			return ""
		}
		f, err := files.Open(name)
		if err != nil {
			return ""
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, maxAttr+1))
		line := strings.TrimSpace(string(data))
		if err != nil || len(data) > maxAttr || strings.ContainsFunc(line, unprintable) {
			return ""
		}
		return line
	}
}

func unprintable(r rune) bool { return r < ' ' || r > '~' }
