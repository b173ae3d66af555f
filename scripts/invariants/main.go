// Command invariants checks what this repository promises about its own source
// and no general linter knows: where C may be called, which packages may import
// which, and what may not be committed.
//
//	go run ./scripts/invariants
//
// It looks at every file that git tracks or would track (so a mistake is seen
// before the commit), prints one line for each violation and exits with status 1
// if there is any. The rules are listed in [rules], one file each.
package main

import (
	"fmt"
	"io"
	"os"
)

// rules are all the checks. Each looks at the whole tree and returns what breaks
// it; an error means that the rule could not be checked, which fails as well.
var rules = []struct {
	name  string
	check func(*tree) ([]finding, error)
}{
	{"c-types", noExportedCTypes},
	{"import-c", importCWhereAgreed},
	{"optional-symbols", optionalSymbolsInShimOnly},
	{"imports", importsFollowDesign},
	{"modules", libraryModules},
	{"text", noMachinePathsOrHosts},
	{"files", noLargeOrBinaryFiles},
	{"docs", packagesDocumented},
	{"names", guidesNameWhatExists},
	{"quotes", quotesAreInTheSource},
}

// finding is one violation: where it is, and what is wrong with what to do.
type finding struct {
	where string
	what  string
}

func main() {
	t, err := openTree(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "invariants:", err)
		os.Exit(1)
	}
	if !report(os.Stderr, t) {
		os.Exit(1)
	}
	fmt.Printf("%d invariants hold in %d files\n", len(rules), len(t.files))
}

// report runs every rule and reports whether all hold.
func report(w io.Writer, t *tree) bool {
	ok := true
	for _, r := range rules {
		found, err := r.check(t)
		if err != nil {
			found = append(found, finding{"invariants", err.Error()})
		}
		for _, f := range found {
			ok = false
			fmt.Fprintf(w, "%s: %s (%s)\n", f.where, f.what, r.name)
		}
	}
	return ok
}
