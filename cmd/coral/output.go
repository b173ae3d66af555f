package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// output is standard output. It keeps its first error, for a full disk must not look
// like success.
type output struct {
	w      io.Writer
	before func() // each write
	err    error
}

func (o *output) Write(b []byte) (int, error) {
	if o.before != nil {
		o.before()
	}
	n, err := o.w.Write(b)
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("writing standard output: %w", err)
	}
	return n, err
}

// printJSON prints v as one line.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printFields prints one object with the fields of all parts, each of which is an object.
func (a *app) printFields(parts ...any) error {
	var line bytes.Buffer
	for _, part := range parts {
		var object bytes.Buffer
		e := json.NewEncoder(&object)
		e.SetEscapeHTML(false)
		if err := e.Encode(part); err != nil {
			return err
		}
		fields := bytes.TrimSuffix(bytes.TrimPrefix(bytes.TrimSpace(object.Bytes()), []byte("{")), []byte("}"))
		if len(fields) > 0 && line.Len() > 0 {
			line.WriteByte(',')
		}
		line.Write(fields)
	}
	_, err := fmt.Fprintf(a.stdout, "{%s}\n", line.Bytes())
	return err
}

// print prints a line for people.
func (a *app) print(format string, args ...any) {
	fmt.Fprintln(a.stdout, oneLine(fmt.Sprintf(format, args...)))
}

// table prints columns for people.
func (a *app) table(rows [][]string) {
	w := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	for _, row := range rows {
		for k := range row {
			row[k] = oneLine(row[k])
		}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	_ = w.Flush() // output keeps the error
}

// real is a number that JSON can always hold: a damaged model may have NaN for a
// scale, which becomes null.
type real float64

func (r real) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(r)) || math.IsInf(float64(r), 0) {
		return []byte("null"), nil
	}
	// Most are float32 in origin, and should read as that: 0.1, not 0.10000000149.
	if x := float32(r); float64(x) == float64(r) {
		return json.Marshal(x)
	}
	return json.Marshal(float64(r))
}

// milliseconds of a duration.
func milliseconds(d time.Duration) real { return real(float64(d.Nanoseconds()) / 1e6) }

// text is the number with four significant digits, for people.
func (r real) text() string {
	x := float64(r)
	decimals := 3 - int(math.Floor(math.Log10(math.Abs(x))))
	if x == 0 || decimals > 6 {
		decimals = 6
	}
	return strconv.FormatFloat(x, 'f', max(decimals, 0), 64)
}
