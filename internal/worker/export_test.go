package worker

import (
	"os/exec"
	"strings"
)

// Command is the command that would start a worker.
func Command() (*exec.Cmd, error) { return launcher() }

// SetSelf says whether this program can be its own worker.
func SetSelf(can bool) { self.Store(can) }

// Across is what becomes of an error that crosses the socket.
func Across(err error) error { return toWire(err).err() }

// LastWords is what is told of a worker that printed this.
func LastWords(printed string) string {
	var o output
	o.read(strings.NewReader(printed))
	return o.last()
}

// Messages is the hash of the messages' types.
func Messages() string { return greeting().Messages }
