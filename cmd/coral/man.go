//go:build man

package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// For packagers (scripts/package.sh); the build tag keeps it out of the command that
// people get.
func init() {
	packagersCommands = append(packagersCommands, (*app).manCommand)
}

// manCommand writes what --help says as manual pages. cobra's own generator goes by
// Markdown, on the way of which the names of options' arguments and lists get lost.
func (a *app) manCommand() *cobra.Command {
	return a.does(&cobra.Command{
		Use:    "man DIR",
		Short:  "Write a manual page for each command into DIR",
		Long:   "Write a manual page for each command into DIR. SOURCE_DATE_EPOCH sets their date.",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
	}, func(_ context.Context, args []string) error {
		date := time.Now()
		if seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
			date = time.Unix(seconds, 0)
		}
		return writeManual(a.root(), args[0], date.UTC().Format(time.DateOnly))
	})
}

// writeManual writes the pages of c and of all commands below it.
func writeManual(c *cobra.Command, dir, date string) error {
	if err := os.WriteFile(filepath.Join(dir, pageName(c)+".1"), manualPage(c, date), 0o644); err != nil {
		return err
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			if err := writeManual(sub, dir, date); err != nil {
				return err
			}
		}
	}
	return nil
}

// pageName is that of a command's manual page: coral-completion-bash.
func pageName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// flagWidth is how wide a screen needs to be for the options to look as in --help.
const flagWidth = 72

func manualPage(c *cobra.Command, date string) []byte {
	c.InitDefaultHelpFlag() // as c --help shows it
	c.InitDefaultVersionFlag()
	p := &page{}
	p.macro("TH", strings.ToUpper(pageName(c)), "1", date, "coral "+strings.TrimPrefix(c.Root().Version, "v"), "Coral for Go")
	p.macro("SH", "NAME")
	p.text(escape(pageName(c)) + ` \- ` + escape(c.Short))
	p.macro("SH", "SYNOPSIS")
	p.verbatim(synopsis(c))
	p.macro("SH", "DESCRIPTION")
	p.prose(cmp.Or(c.Long, c.Short))
	if c.HasAvailableSubCommands() {
		p.commands(c.Commands())
	}
	p.macro("SH", "OPTIONS")
	p.verbatim(c.LocalFlags().FlagUsagesWrapped(flagWidth))
	if c.HasParent() {
		p.macro("SH", "OPTIONS OF ALL COMMANDS")
		p.verbatim(c.Root().PersistentFlags().FlagUsagesWrapped(flagWidth))
	}
	if c.HasExample() {
		p.macro("SH", "EXAMPLES")
		p.verbatim(c.Example)
	}
	p.macro("SH", "ENVIRONMENT")
	for _, v := range environment {
		p.macro("TP")
		p.macro("B", v.name)
		p.text(escape(v.does) + ".")
	}
	if c.HasParent() { // the first page has it in its text
		p.macro("SH", "EXIT STATUS")
		p.text("0 done, 1 the work failed, 2 wrong usage.")
		p.macro("SH", "SEE ALSO")
		p.text(escape(pageName(c.Parent())) + "(1)")
	}
	return p.Bytes()
}

func synopsis(c *cobra.Command) string {
	if c.HasAvailableSubCommands() {
		return c.CommandPath() + " COMMAND"
	}
	return c.UseLine()
}

// page is a manual page being written, in the man macros of troff.
type page struct{ bytes.Buffer }

// macro starts a line that troff acts on.
func (p *page) macro(name string, args ...string) {
	p.WriteString("." + name)
	for _, arg := range args {
		fmt.Fprintf(p, ` "%s"`, escape(strings.ReplaceAll(arg, `"`, "")))
	}
	p.WriteByte('\n')
}

// text is a line that troff fills.
func (p *page) text(line string) { p.WriteString(line + "\n") }

// verbatim keeps lines as they are.
func (p *page) verbatim(text string) {
	p.macro("EX")
	for line := range strings.Lines(text) {
		p.text(escape(strings.TrimRight(line, "\n")))
	}
	p.macro("EE")
}

// prose fills paragraphs, and keeps those that are indented, as Go's doc comments do.
func (p *page) prose(text string) {
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		p.macro("PP")
		if strings.HasPrefix(paragraph, " ") || strings.HasPrefix(paragraph, "\t") {
			p.verbatim(strings.ReplaceAll(paragraph, "\t", "  "))
			continue
		}
		for line := range strings.Lines(paragraph) {
			p.text(escape(strings.Trim(line, "#\n ")))
		}
	}
}

func (p *page) commands(all []*cobra.Command) {
	p.macro("SH", "COMMANDS")
	for _, c := range all {
		if c.IsAvailableCommand() {
			p.macro("TP")
			p.macro("B", c.Name())
			p.text(escape(c.Short + "; see " + pageName(c) + "(1)."))
		}
	}
}

// escape keeps troff from taking text for commands, and makes a minus what a shell
// knows as one.
func escape(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
