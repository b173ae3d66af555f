package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"text/tabwriter"

	"github.com/gocoral/coral/internal/fetch"
)

// row is one line of the table, and with --json one object; the field names
// are part of the command's interface.
type row struct {
	Version        string `json:"version"`
	Default        bool   `json:"default"`
	OS             string `json:"os"`
	Arch           string `json:"arch"`
	Client         string `json:"client"`
	Package        string `json:"package"`
	PackageVersion string `json:"package_version"`
	Licence        string `json:"licence"`
	GLIBC          string `json:"glibc,omitempty"`
	// State is absent, fetched or damaged (a file of another hash).
	State fetch.State `json:"state"`
	Path  string      `json:"path"`
	Note  string      `json:"note,omitempty"`
}

// list is the command of that name.
func (t *tool) list(flags *flag.FlagSet) func(context.Context, []string) error {
	asJSON := flags.Bool("json", false, "print one JSON object a line")
	var root string
	addRoot(flags, &root)
	return func(context.Context, []string) error {
		dir, err := fetch.Root(root)
		if err != nil {
			return err
		}
		var rows []row
		for _, l := range t.fetcher.Libraries(dir) {
			state, err := l.State()
			if err != nil {
				return err
			}
			rows = append(rows, newRow(l, state))
		}
		if *asJSON {
			return t.printJSON(rows)
		}
		return t.printTable(rows)
	}
}

func newRow(l fetch.Library, state fetch.State) row {
	r, b := l.Runtime, l.Build
	return row{
		r.Version, r.Default, b.OS, b.Arch, string(r.Client), r.Package, r.PackageVersion,
		r.Licence, b.GLIBC, state, l.Path, b.Note,
	}
}

func (t *tool) printJSON(rows []row) error {
	encoder := json.NewEncoder(t.stdout)
	for _, r := range rows {
		if err := encoder.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func (t *tool) printTable(rows []row) error {
	w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VERSION\tPLATFORM\tSTATE\tGLIBC\tLICENCE\tFROM\tNOTE")
	for _, r := range rows {
		if r.Default {
			r.Version += " (default)"
		}
		fmt.Fprintf(w, "%s\t%s/%s\t%s\t%s\t%s\t%s %s (%s)\t%s\n", r.Version, r.OS, r.Arch, r.State,
			cmp.Or(r.GLIBC, "-"), r.Licence, r.Package, r.PackageVersion, r.Client, r.Note)
	}
	return w.Flush()
}
