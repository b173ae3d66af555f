// Package cc reads the name of a C compiler as the go command does.
package cc

import "strings"

// Words splits the value of CC: at spaces, with whole words in single or double quotes for
// paths that have some.
func Words(command string) (words []string) {
	for {
		command = strings.TrimSpace(command)
		if command == "" {
			return words
		}
		word, rest, _ := strings.Cut(command, " ")
		if quote := command[:1]; quote == "'" || quote == `"` {
			word, rest, _ = strings.Cut(command[1:], quote)
		}
		words, command = append(words, word), rest
	}
}
