//go:build man

package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// For packagers (scripts/package.sh); a build tag keeps the generator and what it imports
// out of the command that people get.
func init() {
	packagersCommands = append(packagersCommands, (*app).manCommand)
}

func (a *app) manCommand() *cobra.Command {
	return a.does(&cobra.Command{
		Use:    "man DIR",
		Short:  "Write a manual page for each command into DIR",
		Long:   "Write a manual page for each command into DIR. SOURCE_DATE_EPOCH sets their date.",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
	}, func(_ context.Context, args []string) error {
		root := a.root()
		root.DisableAutoGenTag = true // it has the day of the build
		return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "coral " + root.Version, Manual: "Coral for Go"}, args[0])
	})
}
