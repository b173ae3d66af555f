package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral/edgetpu"
)

// What may crash or hang, loading a library and opening a device, is done by hidden
// commands in a process of their own, which answer in JSON.

const (
	libraryCommandName = "probe-library"
	openCommandName    = "open-device"
)

const (
	libraryTimeout = 10 * time.Second // loading takes milliseconds
	// openTimeout is for one device: with its firmware it takes two to three seconds, and
	// libedgetpu itself gives up after 25 to 32.
	openTimeout = 9 * time.Second
	// killAfter is added for the process to say so itself.
	killAfter = time.Second
)

func (a *app) hiddenCommands() []*cobra.Command {
	return []*cobra.Command{
		a.does(&cobra.Command{
			Use: libraryCommandName + " [FILE]", Hidden: true, Args: cobra.MaximumNArgs(1),
		}, func(_ context.Context, args []string) error {
			return a.printJSON(loadLibrary(args))
		}),
		a.does(&cobra.Command{
			Use: openCommandName + " PATH", Hidden: true, Args: cobra.ExactArgs(1),
		}, func(ctx context.Context, args []string) error {
			return a.printJSON(openDevice(ctx, args[0], a.libraries()))
		}),
	}
}

// ask runs a hidden command and reads its answer. Its errors go on a sentence whose
// subject is what the command does.
func ask(ctx context.Context, timeout time.Duration, answer any, args ...string) error {
	self, err := ownExecutable()
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(within, self, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case within.Err() != nil:
		return fmt.Errorf("did not end within %v: %w", timeout, within.Err())
	case err != nil:
		return fmt.Errorf("ended the process: %w", err)
	}
	// A library that prints when it is loaded comes first.
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if err := json.Unmarshal(lines[len(lines)-1], answer); err != nil {
		return fmt.Errorf("disturbed the process: %w", err)
	}
	return nil
}

// libraryAnswer is what the child process says of a libedgetpu.
type libraryAnswer struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Error   string `json:"error"` // why there is none, else ""
}

// askLibrary has libedgetpu loaded, without a path the usual one.
func askLibrary(ctx context.Context, paths []string) (answer libraryAnswer) {
	if err := ask(ctx, libraryTimeout, &answer, append([]string{libraryCommandName, "--"}, paths...)...); err != nil {
		answer = libraryAnswer{Error: "loading it " + err.Error()}
	}
	return answer
}

// loadLibrary is the work of the child process.
func loadLibrary(paths []string) libraryAnswer {
	lib, err := edgetpu.Load(paths...)
	if err != nil {
		return libraryAnswer{Error: explainReason(err)}
	}
	return libraryAnswer{Path: lib.Path(), Version: lib.Version()}
}

// askForVersion is for [edgetpu.WithLibraryProbe].
func askForVersion(ctx context.Context, path string) (version string, err error) {
	answer := askLibrary(ctx, []string{path})
	if answer.Error != "" {
		return "", errors.New(answer.Error)
	}
	return answer.Version, nil
}

// openAnswer is what the child process says of opening a device.
type openAnswer struct {
	Error string `json:"error"` // "" if it could be opened
	Hangs bool   `json:"hangs"`
}

// askToOpen has the device opened, and closed again. It is for [edgetpu.WithOpenProbe].
func (a *app) askToOpen(ctx context.Context, d edgetpu.Device) error {
	args := []string{openCommandName}
	if a.library != "" {
		args = append(args, "--edgetpu-lib", a.library)
	}
	var answer openAnswer
	err := ask(ctx, openTimeout+killAfter, &answer, append(args, "--", d.Path)...)
	switch {
	case err != nil:
		return err
	case answer.Hangs:
		return fmt.Errorf("%s: %w", answer.Error, edgetpu.ErrRuntimeStuck)
	case answer.Error != "":
		return errors.New(answer.Error)
	}
	return nil
}
