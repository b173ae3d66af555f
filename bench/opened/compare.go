package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gocoral/coral/bench"
)

// contender is a program and what it is to time.
type contender struct {
	name    string
	program string
	turn    string
	env     []string
}

// contenders are the loop in C and the library in both builds, the loop first and the
// library that is opened last.
func contenders(opened, linked, library string) []contender {
	var env []string
	if library != "" {
		env = []string{"CORAL_TFLITE_LIB=" + library}
	}
	return []contender{
		{name: "TfLiteInterpreterInvoke, in C", program: linked, turn: turnC},
		{name: "tflite.Interpreter.Invoke, " + build(linked), program: linked, turn: turnLibrary},
		{name: "the same, " + build(opened), program: opened, turn: turnLibrary, env: env},
	}
}

// compare has the contenders take turns and writes what a call of each took.
func compare(ctx context.Context, w io.Writer, rounds int, model string, all []contender) error {
	series := make([]bench.Series, len(all))
	allocations := make([]float64, len(all))
	version := ""
	err := bench.Turns(rounds, len(all), func(k int) error {
		r, err := all[k].run(ctx, model)
		if err != nil {
			return err
		}
		if version == "" {
			version = r.Version
		}
		if r.Version != version {
			return fmt.Errorf("%s calls TensorFlow Lite %s, and another contender %s: give -library the file that the other is linked with", all[k].name, r.Version, version)
		}
		allocations[k] = max(allocations[k], r.Allocations)
		series[k].Name = all[k].name
		series[k].Wall = append(series[k].Wall, bench.Summarise(r.Wall).Median)
		if r.CPU != nil {
			series[k].CPU = append(series[k].CPU, bench.Summarise(r.CPU).Median)
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s, %s/%s, Go %s, TensorFlow Lite %s, %s, 1 thread, %d rounds\n\n%s\n",
		bench.CPU(), runtime.GOOS, runtime.GOARCH, runtime.Version()[2:], version, time.Now().Format(time.DateOnly), rounds, filepath.Base(model))
	if err := bench.WriteTable(w, "ns a call", 1, series, "more than the first", bench.Differences); err != nil {
		return err
	}
	linked, opened := series[1], series[2]
	fmt.Fprintf(w, "The last takes %v of the time of the one before, %v of CPU.\n", bench.Ratios(opened.Wall, linked.Wall), bench.Ratios(opened.CPU, linked.CPU))
	fmt.Fprintf(w, "Allocations in an Invoke: %v and %v.\n", allocations[1], allocations[2])
	return nil
}

// run times one turn in a process of its own.
func (c contender) run(ctx context.Context, model string) (result, error) {
	cmd := exec.CommandContext(ctx, c.program, "-turn", c.turn, model)
	cmd.Env = append(os.Environ(), c.env...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return result{}, fmt.Errorf("%s: %w: %s", c.name, err, strings.TrimSpace(complaint.String()))
	}
	var r result
	if err := json.Unmarshal(out, &r); err != nil {
		return result{}, fmt.Errorf("%s: %s printed no turn: %w", c.name, c.program, err)
	}
	return r, nil
}
