package coral

import "github.com/gocoral/coral/internal/worker"

// WorkerMain makes this program able to be its own worker process. Call it first thing in
// main:
//
//	func main() {
//		coral.WorkerMain()
//		…
//	}
//
// In a process that a session has started as its worker it serves that session and never
// returns. In any other process it does nothing but note that sessions may start this program
// as their worker.
func WorkerMain() {
	if IsWorker() {
		worker.Main()
	}
}

// IsWorker reports whether this process was started as a worker, for programs that have
// something to do before [WorkerMain]. Like that it allows sessions to start this program as
// their worker.
func IsWorker() bool {
	if worker.IsWorker() {
		return true
	}
	worker.Allow()
	return false
}
