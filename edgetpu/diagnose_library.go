package edgetpu

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/gocoral/coral/internal/dl"
)

// checkLibrary looks for the libedgetpu that Load would open, first as a file and then,
// if there is a probe, by having it loaded.
func checkLibrary(ctx context.Context, d *diagnosis) []Finding {
	wanted := cmp.Or(d.library, d.getenv(libraryEnv), libraryName)
	file, arch := d.locate(wanted)
	switch {
	case file == "" && d.goos == "linux" && d.probeLibrary == nil:
		return d.missing(wanted, "the loader's folders do not have it")
	case file == "":
	case arch == "":
		return unloadable(file, "it is no shared library")
	case arch != d.goarch:
		return []Finding{{
			ID: "library-wrong-architecture", Severity: Error,
			Message: fmt.Sprintf("%s is built for %s, and this program for %s", file, arch, d.goarch),
			Fixes: []string{
				"sudo apt install libedgetpu1-std:" + cmp.Or(debianArch[d.goarch], d.goarch),
				"or build the program for " + arch,
			},
		}}
	}
	findings := d.checkStd(file)
	if d.probeLibrary == nil {
		return append(findings, found(file, "")...)
	}
	version, err := d.probeLibrary(ctx, wanted)
	switch {
	case err != nil && file == "":
		return d.missing(wanted, err.Error())
	case err != nil:
		return append(findings, unloadable(file, err.Error())...)
	}
	findings = append(findings, d.checkVersion(version)...)
	return append(findings, found(cmp.Or(file, wanted), version)...)
}

// found says where the library is. Without a file, which only the loader finds on some
// systems, and without a version there is nothing to say.
func found(file, version string) []Finding {
	if file == "" {
		return nil
	}
	message := "libedgetpu is " + file
	if version != "" {
		message += ", " + version
	}
	return []Finding{{ID: "library", Severity: OK, Message: message}}
}

func (d *diagnosis) missing(wanted, why string) []Finding {
	fixes := []string{"install Coral's Edge TPU runtime (coral.ai/software)"}
	if d.goos == "linux" {
		fixes = []string{
			"sudo apt install libedgetpu1-std (coral.ai/software has the package source)",
			"or, for the full clock: sudo apt install libedgetpu1-max",
		}
	}
	fixes = append(fixes, "or name the file in "+libraryEnv)
	switch wanted {
	case d.library:
		fixes = append([]string{"check the path given with WithLibrary"}, fixes...)
	case d.getenv(libraryEnv):
		fixes = append([]string{"check " + libraryEnv}, fixes[:len(fixes)-1]...)
	}
	message := "there is no " + wanted
	if !strings.HasSuffix(why, "(there is no such file)") { // which the loader says in more words
		message += ": " + why
	}
	return []Finding{{ID: "library-missing", Severity: Error, Message: message, Fixes: fixes}}
}

func unloadable(file, why string) []Finding {
	return []Finding{{
		ID: "library-unloadable", Severity: Error,
		Message: fmt.Sprintf("%s cannot be loaded: %s", file, why),
		Fixes:   []string{"install it anew, with what it depends on: sudo apt install --reinstall libedgetpu1-std"},
	}}
}

// checkVersion compares the library with what the model asks for. libedgetpu would
// refuse the model, too, but only after it has opened the device.
func (d *diagnosis) checkVersion(version string) []Finding {
	if d.model == nil {
		return nil
	}
	e, err := d.model.EdgeTPU()
	have := parseRuntimeVersion(version)
	if err != nil || e == nil || have == 0 || have >= e.MinRuntimeVersion {
		return nil
	}
	return []Finding{{
		ID: "library-too-old", Severity: Error,
		Message: fmt.Sprintf("the model needs libedgetpu with RuntimeVersion(%d) or later, and this one has %d", e.MinRuntimeVersion, have),
		Fixes: []string{
			"update it: sudo apt install libedgetpu1-std",
			fmt.Sprintf("or compile the model with edgetpu_compiler --min_runtime_version %d", have),
		},
	}}
}

// parseRuntimeVersion finds the number in the text of [Runtime.Version], 0 if none.
func parseRuntimeVersion(version string) int {
	m := runtimeVersion.FindStringSubmatch(version)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return n
}

// checkStd asks dpkg whose the file is, because nothing in the name or the version of
// the library tells the two builds apart. PCIe devices are clocked by their driver.
func (d *diagnosis) checkStd(file string) []Finding {
	if file == "" || !d.has(USB) {
		return nil
	}
	lists, err := fs.Glob(d.system, "var/lib/dpkg/info/libedgetpu1-std*.list")
	if err != nil {
		return nil
	}
	merged := strings.TrimPrefix(file, "/usr") // /lib is a link to /usr/lib on today's systems
	for _, list := range lists {
		for line := range strings.Lines(d.read(list)) {
			if strings.TrimPrefix(strings.TrimSpace(line), "/usr") != merged {
				continue
			}
			return []Finding{{
				ID: "library-std", Severity: Info,
				Message: "libedgetpu is the standard build, which clocks USB devices at 250 of 500 MHz, even if Performance asks for Max",
				Fixes:   []string{"for full speed, if the device is well cooled: sudo apt install libedgetpu1-max"},
			}}
		}
	}
	return nil
}

// debianArch are the processors whose Debian name is another than Go's.
var debianArch = map[string]string{"arm": "armhf", "386": "i386"}

// locate finds the file that the loader takes for a path or name, and the processor it
// is for, in Go's words. Like the loader, it passes over libraries of another processor
// that a search comes across, but takes one if there is nothing else. Both results are
// "" where nothing is found or the system is not Linux.
func (d *diagnosis) locate(wanted string) (file, arch string) {
	if d.goos != "linux" {
		return "", ""
	}
	candidates := []string{wanted}
	if !strings.Contains(wanted, "/") {
		candidates = dl.Search(d.system, d.getenv("LD_LIBRARY_PATH"), wanted)
	}
	for _, candidate := range candidates {
		a, err := d.archOf(candidate)
		switch {
		case err != nil:
		case a == d.goarch:
			return candidate, a
		case file == "":
			file, arch = candidate, a
		}
	}
	return file, arch
}

// archOf reads the processor from the header of an ELF file, "" if it is none, or no
// regular file. The error is that of finding the file.
func (d *diagnosis) archOf(file string) (string, error) {
	name := systemName(file)
	info, err := fs.Stat(d.system, name)
	if err != nil || !info.Mode().IsRegular() { // opening a pipe would wait for its other end
		return "", err
	}
	f, err := d.system.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return dl.Processor(f), nil
}
