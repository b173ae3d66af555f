package coral_test

import (
	"os"
	"testing"

	"github.com/gocoral/coral"
)

// TestMain lets sessions start this program as their worker, as a user's main would.
func TestMain(m *testing.M) {
	coral.WorkerMain()
	os.Exit(m.Run())
}
