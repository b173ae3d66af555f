package coral_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/tflite"
)

func model(name string) string { return "tflite/testdata/" + name + ".tflite" }

func open(t testing.TB, name string, opts ...coral.Option) *coral.Session {
	t.Helper()
	s, err := coral.Open(model(name), opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestRun(t *testing.T) {
	s := open(t, "add")
	assert.Equal(t, []string{"a", "b"}, s.InputNames())
	assert.Equal(t, []string{"sum"}, s.OutputNames())
	outputs, err := s.Run(t.Context(), []float32{1, 2, 3, 4, 5, 6, 7, 8}, make([]float32, 8))
	require.NoError(t, err)
	require.Len(t, outputs, 1)
	assert.Equal(t, []float32{1, 2, 3, 4, 5, 6, 7, 8}, outputs[0].Data)
	assert.Equal(t, []int{1, 8}, outputs[0].Shape)
	assert.Equal(t, "sum", outputs[0].Name)
}

func TestRunQuantizesFloats(t *testing.T) {
	s := open(t, "tiny_int8")
	outputs, err := s.Run(t.Context(), make([]float32, 192))
	require.NoError(t, err)
	probabilities, err := outputs[0].Float32()
	require.NoError(t, err)
	var sum float32
	for _, p := range probabilities {
		sum += p
	}
	assert.InDelta(t, 1, sum, 0.02)
}

func TestRunNamed(t *testing.T) {
	// The tensors of this model are called otherwise than its signature's inputs.
	s := open(t, "tiny_float")
	assert.Equal(t, []string{"image"}, s.InputNames())
	outputs, err := s.RunNamed(t.Context(), map[string]any{"image": make([]float32, 192)})
	require.NoError(t, err)
	require.Contains(t, outputs, s.OutputNames()[0])

	_, err = s.RunNamed(t.Context(), map[string]any{})
	require.ErrorIs(t, err, coral.ErrNotFound)
	require.ErrorContains(t, err, `input "image" is not given`)
	_, err = s.RunNamed(t.Context(), map[string]any{"image": make([]float32, 192), "x": nil})
	require.ErrorContains(t, err, `no input "x", it has image`)
}

func TestRunMisuse(t *testing.T) {
	s := open(t, "add")
	eight := make([]float32, 8)
	_, err := s.Run(t.Context(), eight)
	require.ErrorIs(t, err, coral.ErrSize)
	require.ErrorContains(t, err, "1 inputs given, the model has 2 (a, b)")
	_, err = s.Run(t.Context(), eight, make([]float32, 9))
	require.ErrorIs(t, err, coral.ErrSize)
	_, err = s.Run(t.Context(), eight, make([]int8, 8))
	require.ErrorIs(t, err, coral.ErrType)
	_, err = s.Run(t.Context(), eight, nil)
	require.ErrorIs(t, err, coral.ErrType)
	_, err = s.Run(t.Context(), eight, eight)
	require.NoError(t, err, "a failed call gives its interpreter back")
}

func TestManyGoroutines(t *testing.T) {
	for _, interpreters := range []int{1, 3} {
		s := open(t, "add", coral.WithInterpreters(interpreters))
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for k := range 200 {
					a, b := float32(g), float32(k)
					outputs, err := s.Run(context.Background(), []float32{a, a, a, a, a, a, a, a}, []float32{b, b, b, b, b, b, b, b})
					if !assert.NoError(t, err) {
						return
					}
					sum := a + b
					assert.Equal(t, []float32{sum, sum, sum, sum, sum, sum, sum, sum}, outputs[0].Data)
				}
			})
		}
		wg.Wait()
	}
}

func TestRunReturnsOnTime(t *testing.T) {
	// XNNPACK runs this model as one operator, which nothing can interrupt.
	s := open(t, "slow_conv")
	input := make([]float32, 16)
	start := time.Now()
	_, err := s.Run(t.Context(), input)
	require.NoError(t, err)
	whole := time.Since(start)

	// An inference is counted when it ends, so one that nobody waits for any more is not yet.
	early := func() bool {
		before := s.Stats()[0]
		ctx, cancel := context.WithTimeout(t.Context(), whole/20)
		defer cancel()
		_, err := s.Run(ctx, input)
		now := s.Stats()[0]
		return errors.Is(err, context.DeadlineExceeded) && now.Errors+now.Inferences == before.Errors+before.Inferences
	}
	for try := 0; !early(); try++ { // on a busy machine the runtime may be as fast as the clock
		require.Less(t, try, 100, "Run waits for the runtime")
	}
	_, err = s.Run(t.Context(), input)
	require.NoError(t, err, "the interpreter comes back when its call has ended")
}

func TestWaitingForAnInterpreterEndsWithTheContext(t *testing.T) {
	s := open(t, "add")
	require.NoError(t, s.Do(t.Context(), func(*tflite.Interpreter) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := s.Run(ctx, make([]float32, 8), make([]float32, 8))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		return nil
	}))
}

func TestDo(t *testing.T) {
	s := open(t, "add")
	sum := make([]float32, 8)
	require.NoError(t, s.Do(t.Context(), func(i *tflite.Interpreter) error {
		for k := range i.InputCount() {
			in, err := i.Input(k)
			if err != nil {
				return err
			}
			if err := tflite.Set(in, []float32{1, 1, 1, 1, 1, 1, 1, 1}); err != nil {
				return err
			}
		}
		if err := i.Invoke(t.Context()); err != nil {
			return err
		}
		out, err := i.Output(0)
		if err != nil {
			return err
		}
		return tflite.Read(out, sum)
	}))
	assert.Equal(t, []float32{2, 2, 2, 2, 2, 2, 2, 2}, sum)

	mine := errors.New("mine")
	require.Same(t, mine, s.Do(t.Context(), func(*tflite.Interpreter) error { return mine }))
}

func TestClose(t *testing.T) {
	s, err := coral.Open(model("add"))
	require.NoError(t, err)
	require.NoError(t, s.Do(t.Context(), func(i *tflite.Interpreter) error {
		require.NoError(t, s.Close())
		return i.Invoke(t.Context()) // a call in progress ends as it would have
	}))
	require.NoError(t, s.Close())
	_, err = s.Run(t.Context(), make([]float32, 8), make([]float32, 8))
	require.ErrorIs(t, err, coral.ErrClosed)
	require.ErrorIs(t, s.Do(t.Context(), func(*tflite.Interpreter) error { return nil }), coral.ErrClosed)
	require.ErrorIs(t, s.Do(t.Context(), nil), coral.ErrType)
	var none *coral.Session
	require.NoError(t, none.Close())
	_, err = none.Run(t.Context())
	require.ErrorIs(t, err, coral.ErrClosed)
	require.ErrorIs(t, none.Do(t.Context(), nil), coral.ErrClosed)
	assert.False(t, none.Device().IsTPU())
}

func TestClosedWhileWaitingForAnAccelerator(t *testing.T) {
	for name, policy := range map[string]coral.Policy{"auto": coral.Auto, "required": coral.RequireTPU} {
		t.Run(name, func(t *testing.T) {
			sim := edgetputest.New(t, edgetputest.USB("2-1").Latency(100*time.Millisecond))
			s := openTPU(t, compiled(t, "tiny_int8"), coral.WithIsolation(coral.InProcess), coral.WithInterpreters(2), coral.WithPolicy(policy))
			results, begun := make(chan error, 2), make(chan struct{})
			for range 2 {
				go func() {
					results <- s.Do(context.Background(), func(i *tflite.Interpreter) error {
						begun <- struct{}{}
						return i.Invoke(context.Background())
					})
				}()
			}
			<-begun
			<-begun
			eventually(t, "one runs, and one waits for it", func() bool { return sim.Stats("2-1").Executing > 0 })
			require.NoError(t, s.Close())
			for range 2 {
				select {
				case err := <-results:
					if err != nil {
						require.Equal(t, coral.RequireTPU, policy)
						require.ErrorIs(t, err, coral.ErrClosed)
					}
				case <-time.After(10 * time.Second):
					require.Fail(t, "a call was left waiting")
				}
			}
		})
	}
}

// A device that comes back into a closed session is given back at once.
func TestClosedWhileADeviceReturns(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"), edgetputest.OpenTime(100*time.Millisecond))
	path := compiled(t, "tiny_int8")
	for k := range 8 {
		sim.Unplug("2-1")
		s, err := coral.Open(path, coral.WithIsolation(coral.InProcess))
		require.NoError(t, err)
		sim.Plug("2-1")
		time.Sleep(time.Duration(60+25*k) * time.Millisecond) // amid the opening, for some
		require.NoError(t, s.Close())
	}
	eventually(t, "nobody holds the device", func() bool {
		s, err := coral.Open(path, coral.WithIsolation(coral.InProcess), coral.WithPolicy(coral.RequireTPU))
		if err != nil {
			return false
		}
		return assert.NoError(t, s.Close())
	})
}

func TestInputShape(t *testing.T) {
	s := open(t, "add_dynamic", coral.WithInputShape(0, 2, 4), coral.WithInputShape(1, 2, 4))
	assert.Equal(t, []int{2, 4}, s.Inputs()[0].Shape)
	outputs, err := s.Run(t.Context(), make([]float32, 8), make([]float32, 8))
	require.NoError(t, err)
	assert.Equal(t, []int{2, 4}, outputs[0].Shape)

	_, err = coral.Open(model("add"), coral.WithInputShape(7, 2, 4))
	require.ErrorIs(t, err, coral.ErrRange)
}

func TestStatefulModelsHaveOneInterpreter(t *testing.T) {
	_, err := coral.Open(model("stateful"), coral.WithInterpreters(2))
	require.ErrorIs(t, err, coral.ErrUnsupported)
	require.ErrorContains(t, err, "keeps state between calls")
	s := open(t, "stateful")
	first, err := s.Run(t.Context(), []float32{1})
	require.NoError(t, err)
	second, err := s.Run(t.Context(), []float32{1})
	require.NoError(t, err)
	assert.NotEqual(t, first[0].Data, second[0].Data)
}

// A session that is dropped without Close gives back what it has: worker, device and memory.
func TestDroppedSessionsLeaveNothing(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	path := compiled(t, "tiny_int8")
	use := func(opts ...coral.Option) {
		s, err := coral.Open(path, opts...)
		require.NoError(t, err)
		_, err = s.Run(t.Context(), make([]int8, 192))
		require.NoError(t, err)
	}
	use()
	use(coral.WithPolicy(coral.CPUOnly), coral.WithIsolation(coral.Isolated))
	require.NotEmpty(t, children())
	eventually(t, "the workers end", func() bool {
		runtime.GC()
		return len(children()) == 0
	})
	for range 50 {
		use(coral.WithIsolation(coral.InProcess), coral.WithPolicy(coral.RequireTPU))
	}
	eventually(t, "nobody holds the device", func() bool {
		runtime.GC()
		return sim.Stats("2-1").Owner == 0
	})
}

func TestFS(t *testing.T) {
	s, err := coral.Open("tflite/testdata/add.tflite", coral.WithFS(os.DirFS(".")))
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

// A nil session is what a failed Open leaves with a caller who does not look at the error.
func TestNilSession(t *testing.T) {
	var s *coral.Session
	assert.Empty(t, s.Inputs())
	assert.Empty(t, s.Outputs())
	assert.Empty(t, s.InputNames())
	assert.Empty(t, s.OutputNames())
	assert.Empty(t, s.Path())
	assert.Empty(t, s.Backend())
	assert.Empty(t, s.Stats())
	assert.Equal(t, "no device", s.Device().String())
	_, err := s.Status()
	require.ErrorIs(t, err, coral.ErrClosed)
	assert.Equal(t, "the session is nil", s.Reason())
	_, err = s.Run(t.Context())
	require.ErrorIs(t, err, coral.ErrClosed)
	_, err = s.RunNamed(t.Context(), nil)
	require.ErrorIs(t, err, coral.ErrClosed)
	require.ErrorIs(t, s.Do(t.Context(), nil), coral.ErrClosed)
	require.ErrorIs(t, s.ResetState(t.Context()), coral.ErrClosed)
	require.NoError(t, s.Close())
}

// A closed session runs on nothing.
func TestStatusOfAClosedSession(t *testing.T) {
	s := open(t, "add")
	require.NoError(t, s.Close())
	device, cause := s.Status()
	assert.Equal(t, coral.DeviceNone, device.Type)
	require.ErrorIs(t, cause, coral.ErrClosed)
	assert.Equal(t, model("add"), s.Path())
}
