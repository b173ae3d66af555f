package main

import (
	"fmt"
	"regexp"
)

// cobraErrors are the errors of cobra and pflag, and what the command says for them.
var cobraErrors = []rewording{
	{regexp.MustCompile(`^invalid argument (".*?[^\\]"|"") for "(?:-\w, )?(--[\w-]+)" flag: `), "$2 $1: "},
	{regexp.MustCompile(`^flag needs an argument: '(\w)' in -\w+$`), "-$1 needs a value"},
	{regexp.MustCompile(`^flag needs an argument: (--[\w-]+)$`), "$1 needs a value"},
	{regexp.MustCompile(`^unknown shorthand flag: '(.)' in -.*$`), "unknown flag: -$1"},
	{regexp.MustCompile(`^if any flags in the group \[(\S+) (\S+)\] are set they must all be set; missing \[(\S+)\]$`), "--$1 and --$2 go together, and --$3 is not given"},
	{regexp.MustCompile(`^if any flags in the group \[(\S+) (\S+)\] are set none of the others can be; .*$`), "--$1 and --$2 exclude each other"},
	{regexp.MustCompile(`^required flag\(s\) "([\w-]+)" not set$`), "--$1 is not given"},
}

// nameFlag is the name of a file or folder.
type nameFlag struct{ value *string }

// Set refuses no name at all, which a variable that is not set leaves in scripts.
func (f nameFlag) Set(s string) error {
	if s == "" {
		return fmt.Errorf("give a name")
	}
	*f.value = s
	return nil
}

func (f nameFlag) String() string {
	if f.value == nil {
		return ""
	}
	return *f.value
}

// Type is for the help text.
func (f nameFlag) Type() string { return "NAME" }
