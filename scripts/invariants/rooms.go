package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/gocoral/coral"

// rooms says which packages each folder may import besides the standard library
// and its own subfolders: folders of this module by their path, others by their
// full one. A folder without an entry belongs to the nearest one above it. Tests
// may import more.
//
// It is the "may import" table of the design. An entry added here is a decision:
// data flows from the file to model, tflite, coral and the tasks, never back.
var rooms = map[string][]string{
	".":                     {"edgetpu", "internal/engine", "internal/errs", "internal/failover", "internal/options", "internal/worker", "model", "tflite"},
	"tflite":                {"delegate", "internal/capi", "internal/errs", "internal/modelfile", "internal/options", "internal/schema", "internal/tflitelib", "model"},
	"delegate":              {"github.com/mattn/go-tflite/delegates"},
	"delegate/xnnpack":      {"delegate", "internal/borrow", "internal/capi", "internal/errs", "internal/options", "internal/tflitelib"},
	"delegate/plugin":       {"delegate", "internal/borrow", "internal/dl", "internal/errs", "internal/oldabi", "internal/options", "internal/tflitelib"},
	"edgetpu":               {"delegate", "github.com/google/gousb", "golang.org/x/sys", "internal/borrow", "internal/dl", "internal/errs", "internal/libedgetpu", "internal/oldabi", "internal/options", "internal/processes", "model"},
	"edgetpu/edgetputest":   {"github.com/google/flatbuffers", "internal/cc", "internal/errs", "internal/options", "internal/schema", "internal/tflitewriter", "model"},
	"model":                 {"github.com/google/flatbuffers", "internal/errs", "internal/files", "internal/modelfile", "internal/schema"},
	"vision":                {".", "golang.org/x/image", "internal/errs", "internal/files", "internal/options", "internal/turbojpeg", "model", "tflite", "vision/internal/scale"},
	"vision/internal/scale": {},
	"vision/track":          {"internal/errs", "internal/options", "vision"},
	"vision/annotate":       {"golang.org/x/image", "golang.org/x/text", "internal/errs", "vision", "vision/track"}, // x/text is the font reader's
	"vision/stream":         {"github.com/blackjack/webcam", "internal/errs", "internal/options", "vision"},
	"internal/engine":       {"edgetpu", "internal/errs", "internal/tflitewriter", "model", "tflite"},
	"internal/failover":     {"edgetpu", "internal/engine", "internal/errs", "internal/percentile"},
	"internal/worker":       {"edgetpu", "golang.org/x/sys", "internal/crash", "internal/dl", "internal/engine", "internal/errs", "internal/processes", "model", "tflite"},
	"internal/percentile":   {},
	"internal/options":      {},
	"internal/tflitelib":    {"internal/cache", "internal/capi", "internal/dl", "internal/errs", "internal/oldabi", "internal/tflitewriter", "model"},
	"internal/tflitewriter": {"github.com/google/flatbuffers", "internal/errs", "internal/schema", "model"},
	"internal/cache":        {},
	"internal/cc":           {},
	"internal/crash":        {},
	"internal/errs":         {},
	"internal/capi":         {"golang.org/x/sys", "internal/errs"},
	"internal/dl":           {"internal/cc", "internal/errs", "internal/files"},
	"internal/oldabi":       {"internal/errs"},
	"internal/borrow":       {"internal/errs"},
	"internal/libedgetpu":   {"internal/dl", "internal/errs"},
	"internal/turbojpeg":    {"internal/dl", "internal/errs"},
	"internal/niltest":      {},
	"internal/processes":    {},
	"third_party":           {},
	"cmd/coral-runtime":     {"internal/fetch", "third_party"},
	"internal/fetch":        {"internal/cache", "internal/files", "third_party"},
	"scripts":               {},
	"examples":              {".", "delegate", "delegate/plugin", "delegate/xnnpack", "edgetpu", "edgetpu/edgetputest", "model", "tflite", "vision", "vision/annotate", "vision/stream", "vision/track"},
	"internal/files":        {},
	"internal/modelfile":    {"internal/errs", "internal/files"},
	"internal/schema":       {},
}

// ownModules have their own go.mod and may import everything public.
var ownModules = []string{"bench", "cmd/coral", "examples/hello"}

// importsFollowDesign checks the imports of every file of the library, for all
// platforms and tags, against [rooms].
func importsFollowDesign(t *tree) ([]finding, error) {
	var found []finding
	for _, f := range t.goes {
		if f.isTest() || slices.ContainsFunc(ownModules, func(m string) bool { return within(f.dir(), m) }) {
			continue
		}
		room := roomOf(f.dir())
		if room == "." && f.dir() != "." {
			found = append(found, finding{f.dir(), "a folder that the design does not know; give it an entry in scripts/invariants/rooms.go"})
			continue
		}
		for _, spec := range f.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			if mayImport(room, path) {
				continue
			}
			found = append(found, finding{t.at(spec.Pos()), fmt.Sprintf("%s may not import %s (see rooms in scripts/invariants/rooms.go)", room, path)})
		}
	}
	return found, nil
}

func mayImport(room, path string) bool {
	inner, ours := strings.CutPrefix(path+"/", module+"/")
	if ours {
		inner = strings.TrimSuffix(inner, "/")
		if inner == "" {
			inner = "."
		}
		to := roomOf(inner)
		return to == room || slices.Contains(rooms[room], to)
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return true // the standard library, and C
	}
	return slices.ContainsFunc(rooms[room], func(allowed string) bool { return within(path, allowed) })
}

// roomOf is the entry of rooms that dir belongs to.
func roomOf(dir string) string {
	best := "."
	for room := range rooms {
		if within(dir, room) && len(room) > len(best) {
			best = room
		}
	}
	return best
}

// within reports whether path is folder or below it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// libraryModules: what a user of the library compiles comes from few modules. The
// command line, the server and the comparisons have modules of their own, so that
// theirs stay out.
func libraryModules(t *tree) ([]finding, error) {
	if t.dir == "" {
		return nil, nil
	}
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./...")
	list.Dir, list.Stderr = t.dir, os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list -deps: %w", err)
	}
	return foreignModules(strings.Fields(string(out))), nil
}

func foreignModules(used []string) []finding {
	allowed := slices.Concat(slices.Collect(maps.Values(rooms))...)
	var found []finding
	for _, path := range slices.Compact(slices.Sorted(slices.Values(used))) {
		known := slices.ContainsFunc(allowed, func(a string) bool { return within(a, path) })
		if path != module && !known {
			found = append(found, finding{"go.mod", "the library would depend on " + path + "; keep it in cmd/coral or bench"})
		}
	}
	return found
}
