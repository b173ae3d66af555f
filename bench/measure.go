package bench

import (
	"errors"
	"fmt"
	"runtime"
	"time"
)

// Contender is one way of doing the work.
type Contender struct {
	Name string
	// Run does the work n times in a row.
	Run func(n int) error
}

// Series holds a contender's times of a call in nanoseconds, one for each round: the
// round's duration divided by its calls.
type Series struct {
	Name string
	// Wall is the time that passed, and with it what the machine did besides.
	Wall []float64
	// CPU is the time that the calling thread was running: steadier on a busy machine,
	// but blind to other threads that work for it. It is nil where the system does not
	// tell, which is everywhere but on Linux.
	CPU []float64
}

// Measure has the contenders take turns for a number of rounds, in each of which
// everyone makes the same number of calls. A round before the first warms up and
// does not count. The result has one series for each contender, in their order.
func Measure(rounds, calls int, contenders ...Contender) ([]Series, error) {
	if rounds < 1 || calls < 1 {
		return nil, fmt.Errorf("bench: %d rounds of %d calls: at least 1 of each is needed", rounds, calls)
	}
	if len(contenders) == 0 {
		return nil, errors.New("bench: no contender")
	}
	runtime.LockOSThread() // for threadTime
	defer runtime.UnlockOSThread()
	series := make([]Series, len(contenders))
	for k, c := range contenders {
		series[k].Name = c.Name
		if err := c.Run(calls); err != nil {
			return nil, fmt.Errorf("bench: %s: %w", c.Name, err)
		}
	}
	err := Turns(rounds, len(contenders), func(k int) error { return series[k].add(calls, contenders[k].Run) })
	if err != nil {
		return nil, err
	}
	return series, nil
}

// Turns has contenders 0 to n-1 take turns for a number of rounds, each of which begins
// with another one: whoever comes after a contender that is hard on the caches would
// suffer from it in every round if the order were always the same. It ends with the
// first error of a turn.
func Turns(rounds, n int, turn func(contender int) error) error {
	for round := range rounds {
		for k := range n {
			if err := turn((round + k) % n); err != nil {
				return err
			}
		}
	}
	return nil
}

// add times a round.
func (s *Series) add(calls int, run func(n int) error) error {
	cpu, known := threadTime()
	start := time.Now()
	if err := run(calls); err != nil {
		return fmt.Errorf("bench: %s: %w", s.Name, err)
	}
	s.Wall = append(s.Wall, float64(time.Since(start))/float64(calls))
	if known {
		now, _ := threadTime()
		s.CPU = append(s.CPU, float64(now-cpu)/float64(calls))
	}
	return nil
}
