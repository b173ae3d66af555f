package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral/vision"
)

// scoreFlag is a score, if one was given.
type scoreFlag struct {
	value float32
	given bool
}

// Set refuses what is no number.
func (f *scoreFlag) Set(s string) error {
	x, err := strconv.ParseFloat(s, 32)
	if err != nil || math.IsNaN(x) {
		return fmt.Errorf("give a number, such as 0.5")
	}
	f.value, f.given = float32(x), true
	return nil
}

func (f *scoreFlag) String() string {
	if !f.given {
		return ""
	}
	return strconv.FormatFloat(float64(f.value), 'g', -1, 32)
}

// Type is for the help text.
func (f *scoreFlag) Type() string { return "SCORE" }

// fractionFlag is a number from 0 to 1, if one was given.
type fractionFlag struct{ scoreFlag }

// Set refuses other numbers.
func (f *fractionFlag) Set(s string) error {
	if err := f.scoreFlag.Set(s); err != nil || f.value < 0 || f.value > 1 {
		return fmt.Errorf("give a number from 0 to 1")
	}
	return nil
}

// Type is for the help text.
func (f *fractionFlag) Type() string { return "X" }

// numbersFlag is one number for all channels of a picture, or one for each.
type numbersFlag struct {
	values   []float64
	positive bool
	max      float64 // 0 for none
}

// Set refuses what no pixel can be normalised with.
func (f *numbersFlag) Set(s string) error {
	f.values = nil
	for text := range strings.SplitSeq(s, ",") {
		x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("give a number, or three with commas between them")
		}
		if f.positive && x <= 0 {
			return fmt.Errorf("give numbers above 0")
		}
		if f.max > 0 && (x < 0 || x > f.max) {
			return fmt.Errorf("give numbers from 0 to %g, as pixels have", f.max)
		}
		f.values = append(f.values, x)
	}
	if n := len(f.values); n != 1 && n != 3 {
		return fmt.Errorf("%d numbers given: give one for all channels, or three for red, green and blue", n)
	}
	return nil
}

func (f *numbersFlag) String() string {
	texts := make([]string, len(f.values))
	for k, x := range f.values {
		texts[k] = strconv.FormatFloat(x, 'g', -1, 64)
	}
	return strings.Join(texts, ",")
}

// Type is for the help text.
func (f *numbersFlag) Type() string { return "X[,Y,Z]" }

// shapeFlag is the shape of a tensor.
type shapeFlag []int

// Set takes what parseShape does.
func (f *shapeFlag) Set(s string) (err error) {
	*f, err = parseShape(s)
	return err
}

func (f *shapeFlag) String() string {
	return strings.Trim(shapeText(*f), "[]")
}

// Type is for the help text.
func (f *shapeFlag) Type() string { return "SHAPE" }

// choiceFlag is one of several names, "" if none was given.
type choiceFlag struct {
	value string
	names []string
	kind  string // for the help text
}

// The names that --fit and --filter take.
var (
	fitNames    = []string{vision.Stretch.String(), vision.Letterbox.String(), vision.LetterboxTopLeft.String()}
	filterNames = []string{vision.Area.String(), vision.Linear.String(), vision.Bilinear.String(), vision.Lanczos.String()}
)

// Set refuses other names.
func (f *choiceFlag) Set(s string) error {
	if !slices.Contains(f.names, s) {
		return fmt.Errorf("give one of %s", strings.Join(f.names, ", "))
	}
	f.value = s
	return nil
}

func (f *choiceFlag) String() string { return f.value }

// Type is for the help text.
func (f *choiceFlag) Type() string { return f.kind }

// define adds the flag, and offers its names to shells.
func (f *choiceFlag) define(c *cobra.Command, name, help string) {
	c.Flags().Var(f, name, help)
	// The error would be that the flag does not exist.
	_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(f.names, cobra.ShellCompDirectiveNoFileComp))
}
