package crash_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/internal/crash"
)

func TestReason(t *testing.T) {
	t.Parallel()
	for printed, want := range map[string]string{
		"": "",
		"INFO: Created delegate\nWARNING: no unit\nSIGSEGV: segmentation violation\nPC=0x0\n":   "",
		"F usb_driver.cc:1148 transfer in failed\r\nWARNING: x\n\nSIGABRT: abort\ngoroutine 1":  "F usb_driver.cc:1148 transfer in failed",
		"free(): invalid pointer\nfatal error: unexpected signal\n[signal SIGBUS: bus error]\n": "free(): invalid pointer",
		"first\nlast\n":                         "last",
		"runtime: out of memory\nlater\n":       "",
		"INFORMATION of use\n":                  "INFORMATION of use",
		"SIGNAL processing failed: no window\n": "SIGNAL processing failed: no window",
	} {
		assert.Equal(t, want, crash.Reason(strings.Split(printed, "\n")), printed)
	}
}

func TestIsReport(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"SIGSEGV: segmentation violation", "fatal error: x", "panic: x", "runtime: out of memory", "unexpected fault address 0x0", "[signal SIGBUS: bus error]"} {
		assert.True(t, crash.IsReport(line), line)
	}
	for _, line := range []string{"", "goroutine 1 [running]:", "INFO: x", "SIGNAL processing"} {
		assert.False(t, crash.IsReport(line), line)
	}
}
