package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/internal/percentile"
	"github.com/gocoral/coral/tflite"
)

// benchFlags are those of coral bench.
type benchFlags struct {
	modelFlags
	runs, warmup intFlag
	shapes       inputShapes
	random       bool
}

// maxRuns keeps the list of times small.
const maxRuns = 10_000_000

func (a *app) benchCommand() *cobra.Command {
	f := benchFlags{
		runs:   intFlag{value: 100, min: 1, max: maxRuns},
		warmup: intFlag{value: 5, min: 0, max: maxRuns},
	}
	c := a.does(&cobra.Command{
		Use:   "bench MODEL [--threads N] [--runs N]",
		Short: "Measure how fast a model runs",
		Long: `Measure the time of one inference, without preparing inputs or reading outputs.

The first inference is told apart, since it does work that the others find done; then
come the warm-up runs, which do not count, and the runs of which the percentiles are.
Inputs are zero, for the time of most models does not depend on them.

An interrupt (Ctrl-C) ends the measurement early: the figures are then those of the runs
that were made, and the exit status is 1.`,
		Example: `  coral bench mobilenet.tflite
  coral bench mobilenet.tflite --threads 4 --runs 1000
  coral bench mobilenet_edgetpu.tflite --device usb --clock max
  for n in 1 2 4; do coral bench mobilenet.tflite --threads $n --json; done`,
		Args:              f.takeModel,
		ValidArgsFunction: completeModel,
	}, func(ctx context.Context, _ []string) error { return a.bench(ctx, &f) })
	c.Flags().Var(&f.runs, "runs", "inferences that count")
	c.Flags().Var(&f.warmup, "warmup", "inferences before them")
	c.Flags().BoolVar(&f.random, "random-inputs", false, "fill float and 8 bit inputs with random numbers, the same every time")
	f.shapes.define(c)
	f.define(c)
	return c
}

// benchOutput is the JSON of coral bench.
type benchOutput struct {
	Model string `json:"model"`
	placement
	Threads int  `json:"threads"`
	Runs    int  `json:"runs"`
	P50     real `json:"p50_ms"`
	P90     real `json:"p90_ms"`
	P99     real `json:"p99_ms"`
	Mean    real `json:"mean_ms"`
	First   real `json:"first_ms"`
	// Throughput of one inference after the other.
	Throughput real `json:"inferences_per_s"`
	// PeakRSS is the most memory the process has had, in 10⁶ bytes; null where the
	// system does not tell.
	PeakRSS *real `json:"peak_rss_mb"`
}

func (a *app) bench(ctx context.Context, f *benchFlags) error {
	opts, err := f.shapes.options(&f.modelFlags)
	if err != nil {
		return err
	}
	s, err := f.open(ctx, a, opts...)
	if err != nil {
		return err
	}
	defer s.Close()
	if governor := slowGovernor(systemRoot()); governor != "" && !s.Device().IsTPU() {
		a.complain("warning: the CPU governor is %q, times will vary: sudo cpupower frequency-set -g performance", governor)
	}
	var m measurement
	if err := s.Do(ctx, func(i *tflite.Interpreter) (err error) {
		m, err = a.measure(ctx, f, i)
		return err
	}); err != nil {
		return err
	}
	out := benchOutput{
		Model: f.path, placement: place(s), Threads: f.threads.value,
		Runs: len(m.times), First: milliseconds(m.first), PeakRSS: peakMB(),
	}
	out.summarise(m.times)
	if a.asJSON {
		err = a.printJSON(out)
	} else {
		a.printBench(context.WithoutCancel(ctx), s, out)
	}
	if err == nil && len(m.times) < f.runs.value {
		err = ctx.Err() // after the figures
	}
	return err
}

// measurement is the time that inferences took.
type measurement struct {
	first time.Duration
	times []time.Duration // of those that count
}

// measure is the inner loop. What counts is not watched for an interrupt, which would
// be part of the time; what comes before is, for a model may never end. Interrupted in
// between, it returns what it has.
func (a *app) measure(ctx context.Context, f *benchFlags, i *tflite.Interpreter) (m measurement, err error) {
	if err := f.fill(i); err != nil {
		return m, err
	}
	all := 1 + f.warmup.value + f.runs.value
	defer a.showProgress(all)()
	for n := range all {
		if err := ctx.Err(); err != nil {
			if len(m.times) == 0 {
				return m, err
			}
			return m, nil
		}
		invokeCtx := ctx
		if n > f.warmup.value {
			invokeCtx = context.Background()
		}
		started := time.Now()
		if err := i.Invoke(invokeCtx); err != nil {
			return m, err
		}
		elapsed := time.Since(started)
		switch {
		case n == 0:
			m.first = elapsed
		case n > f.warmup.value:
			if m.times = append(m.times, elapsed); len(m.times) == 1 {
				a.logger().Debug("measuring", "first", m.first)
			}
		}
		a.bar.advance()
	}
	return m, nil
}

// fill sets every input.
func (f *benchFlags) fill(i *tflite.Interpreter) error {
	source := newSource()
	for k := range i.InputCount() {
		t, err := i.Input(k)
		if err != nil {
			return err
		}
		data, err := zeros(t.Type(), t.Elements())
		if err != nil {
			return fmt.Errorf("input %q: %w", t.Name(), err)
		}
		if f.random {
			randomise(data, source)
		}
		if err := t.SetValue(data); err != nil {
			return err
		}
	}
	return nil
}

// newSource gives the same numbers every time.
func newSource() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// randomise leaves types alone that hold numbers of words, sizes or flags, which a
// model may not accept all of.
func randomise(data any, source *rand.Rand) {
	switch s := data.(type) {
	case []float32:
		for k := range s {
			s[k] = source.Float32()
		}
	case []uint8:
		for k := range s {
			s[k] = uint8(source.Uint32())
		}
	case []int8:
		for k := range s {
			s[k] = int8(source.Uint32())
		}
	}
}

// summarise sorts times.
func (b *benchOutput) summarise(times []time.Duration) {
	slices.Sort(times)
	var sum time.Duration
	for _, t := range times {
		sum += t
	}
	b.Mean = milliseconds(sum / time.Duration(len(times)))
	b.Throughput = real(float64(len(times)) / sum.Seconds())
	b.P50 = milliseconds(percentile.Of(times, 50))
	b.P90 = milliseconds(percentile.Of(times, 90))
	b.P99 = milliseconds(percentile.Of(times, 99))
}

func (a *app) printBench(ctx context.Context, s *coral.Session, b benchOutput) {
	a.introduce(ctx, s)
	a.print("Threads:  %d, runs: %d", b.Threads, b.Runs)
	a.print("First:    %s ms", b.First.text())
	a.print("Latency:  p50 %s ms, p90 %s ms, p99 %s ms, mean %s ms", b.P50.text(), b.P90.text(), b.P99.text(), b.Mean.text())
	a.print("Rate:     %s inferences/s, one after the other", b.Throughput.text())
	if b.PeakRSS != nil {
		a.print("Memory:   %s MB at the most", b.PeakRSS.text())
	}
}

// peakMB is nil where the system does not tell.
func peakMB() *real {
	bytes := peakRSS()
	if bytes == 0 {
		return nil
	}
	mb := real(float64(bytes) / 1e6)
	return &mb
}
