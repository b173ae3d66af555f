package coral

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/options"
	"github.com/gocoral/coral/tflite"
)

// Pipeline runs a model that was divided into segments, each on a device of its own: while
// one works on an input, the one before works on the next. A model whose parameters do not
// fit on one Edge TPU fits on several that way.
//
// The semantics are those of pycoral's PipelinedModelRunner: inputs are pushed and results
// popped in the same order, one goroutine serves each segment, a segment's inputs come from
// the pushed tensors and from earlier segments' outputs by name, and an error in a segment
// ends the pipeline. Push and Pop are safe for concurrent use.
type Pipeline struct {
	line    *line
	cleanup runtime.Cleanup
}

// line is what a pipeline's goroutines know, so that they do not keep a Pipeline alive that
// was dropped without a Close.
type line struct {
	segments []*Session
	needs    []map[string]bool // tensors wanted by segment k or later ones; last: the results
	stages   []*stage          // stages[k] feeds segment k, the last one Pop

	life context.Context // ends with the first error or Close
	end  context.CancelCauseFunc
	wait sync.WaitGroup

	mu    sync.Mutex
	stats []SegmentStats
}

// SegmentStats tells what a segment did.
type SegmentStats struct {
	Inferences int
	Busy       time.Duration
}

// tensors are contents by name.
type tensors map[string]any

// PipelineOption configures [NewPipeline].
type PipelineOption func(*pipelineConfig) error

type pipelineConfig struct{ input, output int }

// WithInputQueue bounds how many pushed inputs may wait; Push then blocks. 0, the default,
// is no bound.
func WithInputQueue(n int) PipelineOption {
	return func(c *pipelineConfig) error { return setBound(&c.input, n) }
}

// WithOutputQueue bounds how many results may wait for Pop; the segments then pause. 0, the
// default, is no bound.
func WithOutputQueue(n int) PipelineOption {
	return func(c *pipelineConfig) error { return setBound(&c.output, n) }
}

func setBound(bound *int, n int) error {
	if n < 0 {
		return fmt.Errorf("queue of %d: %w", n, ErrRange)
	}
	*bound = n
	return nil
}

// NewPipeline makes a pipeline of sessions, one for each segment in order, which remain the
// caller's to close after it. Each input of a segment must be an input of the first segment
// or an output of an earlier one, or an input of the whole model, which has to be pushed.
func NewPipeline(segments []*Session, opts ...PipelineOption) (*Pipeline, error) {
	var c pipelineConfig
	if err := options.Apply(&c, opts); err != nil {
		return nil, fmt.Errorf("coral: pipeline: %w", err)
	}
	if len(segments) == 0 || slices.ContainsFunc(segments, func(s *Session) bool { return s.orEmpty() != s }) {
		return nil, fmt.Errorf("coral: pipeline: every segment needs a session: %w", ErrOption)
	}
	segments = slices.Clone(segments)
	p := &line{segments: segments, stats: make([]SegmentStats, len(segments)), needs: needs(segments)}
	p.life, p.end = context.WithCancelCause(context.Background())
	for k := range len(segments) + 1 {
		bound := 1
		switch k {
		case 0:
			bound = c.input
		case len(segments):
			bound = c.output
		}
		p.stages = append(p.stages, newStage(bound))
	}
	for k := range segments {
		p.wait.Go(func() { p.serve(k) })
	}
	whole := &Pipeline{line: p}
	whole.cleanup = runtime.AddCleanup(whole, func(end context.CancelCauseFunc) { end(ErrClosed) }, p.end)
	return whole, nil
}

// nilPipeline is what a nil or zero Pipeline behaves like: one that is closed.
var nilPipeline = func() *line {
	p := &line{stages: []*stage{newStage(0)}}
	p.life, p.end = context.WithCancelCause(context.Background())
	p.end(ErrClosed)
	return p
}()

func (p *Pipeline) orClosed() *line {
	if p == nil || p.line == nil {
		return nilPipeline
	}
	return p.line
}

// needs tells which tensors are of use from each segment on; after the last one these are
// its outputs.
func needs(segments []*Session) []map[string]bool {
	all := make([]map[string]bool, len(segments)+1)
	all[len(segments)] = make(map[string]bool)
	for _, name := range segments[len(segments)-1].outputNames {
		all[len(segments)][name] = true
	}
	for k, s := range slices.Backward(segments) {
		all[k] = make(map[string]bool)
		for name := range all[k+1] {
			all[k][name] = true
		}
		for _, name := range s.inputNames {
			all[k][name] = true
		}
	}
	return all
}

// InputNames are the tensors that each Push needs: the inputs of segments that no earlier
// segment makes.
func (p *Pipeline) InputNames() []string { return p.orClosed().inputNames() }

func (p *line) inputNames() []string {
	var names []string
	made := make(map[string]bool)
	for _, s := range p.segments {
		for _, name := range s.inputNames {
			if !made[name] && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		for _, name := range s.outputNames {
			made[name] = true
		}
	}
	return names
}

// Push gives the pipeline one set of inputs by name, slices as for [Session.Run], which it
// keeps: they must not be changed before the result is popped. It waits while the input
// queue is full. Tensors that are missing or unknown wrap [ErrNotFound].
func (p *Pipeline) Push(ctx context.Context, inputs map[string]any) error {
	defer runtime.KeepAlive(p)
	return p.orClosed().push(ctx, inputs)
}

func (p *line) push(ctx context.Context, inputs map[string]any) error {
	want := p.inputNames()
	for _, name := range want {
		if _, ok := inputs[name]; !ok {
			return fmt.Errorf("coral: pipeline: input %q is not given: %w", name, ErrNotFound)
		}
	}
	for name := range inputs {
		if p.life.Err() == nil && !slices.Contains(want, name) {
			return fmt.Errorf("coral: pipeline: there is no input %q, it takes %s: %w", name, strings.Join(want, ", "), ErrNotFound)
		}
	}
	set := make(tensors, len(inputs))
	maps.Copy(set, inputs)
	if err := p.stages[0].put(ctx, p.life, set); err != nil {
		return fmt.Errorf("coral: pipeline: %w", err)
	}
	return nil
}

// CloseInput says that no more inputs come. Results that are on their way can still be
// popped. Closing twice does nothing.
func (p *Pipeline) CloseInput() { p.orClosed().stages[0].finish() }

// Pop returns the next result, the last segment's outputs by name. It waits for one, and
// returns io.EOF after the last result of a pipeline whose input is closed. After an error
// in a segment it returns that error.
func (p *Pipeline) Pop(ctx context.Context) (map[string]tflite.Value, error) {
	defer runtime.KeepAlive(p)
	return p.orClosed().pop(ctx)
}

func (p *line) pop(ctx context.Context) (map[string]tflite.Value, error) {
	set, err := p.stages[len(p.segments)].get(ctx, p.life)
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, fmt.Errorf("coral: pipeline: %w", err)
	}
	result := make(map[string]tflite.Value, len(set))
	for name, data := range set {
		if v, ok := data.(tflite.Value); ok {
			result[name] = v
		}
	}
	return result, nil
}

// Stats tells what each segment did.
func (p *Pipeline) Stats() []SegmentStats { return p.orClosed().segmentStats() }

func (p *line) segmentStats() []SegmentStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.stats)
}

// Close ends the pipeline and drops what is in it. It waits for the segments' calls to
// return, which they do when they heed their context. Closing twice, or a nil Pipeline, does
// nothing.
func (p *Pipeline) Close() error {
	if p == nil || p.line == nil {
		return nil
	}
	p.cleanup.Stop()
	p.line.end(ErrClosed)
	p.line.wait.Wait()
	return nil
}

// serve runs segment k until its input ends or the pipeline does.
func (p *line) serve(k int) {
	for {
		set, err := p.stages[k].get(p.life, p.life)
		if errors.Is(err, io.EOF) {
			p.stages[k+1].finish()
			return
		}
		if err == nil {
			err = p.step(k, set)
		}
		if err == nil {
			err = p.stages[k+1].put(p.life, p.life, set)
		}
		if err != nil {
			p.end(fmt.Errorf("segment %d: %w", k, err))
			return
		}
	}
}

// step runs segment k on the tensors it wants, and leaves those that are still of use.
func (p *line) step(k int, set tensors) error {
	s := p.segments[k]
	inputs := make([]any, len(s.inputNames))
	for j, name := range s.inputNames {
		inputs[j] = set[name]
		if v, ok := set[name].(tflite.Value); ok {
			inputs[j] = v.Data
		}
	}
	start := time.Now()
	outputs, err := s.Run(p.life, inputs...)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.stats[k].Inferences++
	p.stats[k].Busy += time.Since(start)
	p.mu.Unlock()
	for _, v := range outputs {
		set[v.Name] = v
	}
	for name := range set {
		if !p.needs[k+1][name] {
			delete(set, name)
		}
	}
	return nil
}

// stage is a queue between two segments.
type stage struct {
	bound int // 0 for none

	mu       sync.Mutex
	waiting  []tensors
	finished bool
	changed  chan struct{} // closed and renewed at every change
}

func newStage(bound int) *stage { return &stage{bound: bound, changed: make(chan struct{})} }

// put waits for room.
func (s *stage) put(ctx, life context.Context, t tensors) error {
	return s.attempt(ctx, life, func() (bool, error) {
		if s.finished {
			return false, fmt.Errorf("its input is closed: %w", ErrClosed)
		}
		if s.bound > 0 && len(s.waiting) >= s.bound {
			return false, nil
		}
		s.waiting = append(s.waiting, t)
		return true, nil
	})
}

// get waits for something; io.EOF comes when nothing will.
func (s *stage) get(ctx, life context.Context) (t tensors, err error) {
	err = s.attempt(ctx, life, func() (bool, error) {
		switch {
		case len(s.waiting) > 0:
			t, s.waiting = s.waiting[0], s.waiting[1:]
			return true, nil
		case s.finished:
			return false, io.EOF
		}
		return false, nil
	})
	return t, err
}

func (s *stage) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.finished {
		s.finished = true
		s.wake()
	}
}

// attempt tries until it is done or one of the contexts ends.
func (s *stage) attempt(ctx, life context.Context, try func() (done bool, err error)) error {
	ctx = errs.Context(ctx)
	for {
		if life.Err() != nil {
			return context.Cause(life)
		}
		s.mu.Lock()
		done, err := try()
		if done {
			s.wake()
		}
		changed := s.changed
		s.mu.Unlock()
		if done || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-life.Done():
		case <-ctx.Done():
			if life.Err() == nil {
				return errs.Ended(ctx)
			}
		}
	}
}

func (s *stage) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}
