package coral_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gocoral/coral"
)

// TestMain lets sessions start this program as their worker, as a user's main would. After
// the tests nothing of the sessions may be left: no worker, no memory shared with one, no
// goroutine.
func TestMain(m *testing.M) {
	coral.WorkerMain()
	if path := os.Getenv(secondProgramEnv); path != "" {
		os.Exit(secondProgram(path))
	}
	code := m.Run()
	if code == 0 {
		code = audit()
	}
	os.Exit(code)
}

func audit() int {
	var left []string
	for range 200 { // what ends by itself may take a while
		if left = remains(); len(left) == 0 {
			return 0
		}
		runtime.GC()
		time.Sleep(50 * time.Millisecond)
	}
	fmt.Println("left behind by the tests:\n" + strings.Join(left, "\n"))
	return 1
}

func remains() []string {
	left := goroutines()
	for _, pid := range children() {
		left = append(left, "process "+pid)
	}
	if b, err := os.ReadFile("/proc/self/maps"); err == nil {
		for line := range strings.Lines(string(b)) {
			if strings.Contains(line, "memfd:gocoral") {
				left = append(left, strings.TrimSpace(line))
			}
		}
	}
	return left
}

// goroutines returns the stacks of those that run code of this module, but for the thread
// that starts workers, and for engines in this process whose library hangs: these are kept
// on purpose.
func goroutines() (found []string) {
	b := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(b[:runtime.Stack(b, true)]), "\n\n") {
		if strings.Contains(stack, "github.com/gocoral/coral") && !strings.Contains(stack, "coral_test.goroutines(") &&
			!strings.Contains(stack, "internal/worker.init.") && !strings.Contains(stack, "engine.(*local).work(") {
			found = append(found, stack)
		}
	}
	return found
}

// children lists this process's child processes.
func children() (found []string) {
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, task := range tasks {
		if b, err := os.ReadFile(task); err == nil {
			found = append(found, strings.Fields(string(b))...)
		}
	}
	return found
}
