//go:build cgo

package oldabi_test

import (
	"os/exec"
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/dl/dltest"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/oldabi"
)

// The adapter between a stand-in for the runtime, with the structures of 2.9 or of
// 2.17, and a delegate that is old and has dirt behind its structures. The tests
// with TensorFlow Lite itself are in delegate/plugin.
func TestHarness(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the harness is written for POSIX threads")
	}
	for name, flags := range map[string][]string{
		"2.9":  {"-DOLDER"},
		"2.17": {"-DNEWER"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"testdata/harness.c", "oldabi.c"}, flags...)
			if runtime.GOOS == "linux" {
				args = append(args, "-rdynamic", "-ldl")
			}
			program := dltest.Program(t, "harness", args...)
			out, err := exec.CommandContext(t.Context(), program).CombinedOutput()
			assert.NoError(t, err, "%s", out)

			out, err = exec.CommandContext(t.Context(), program, "plain").CombinedOutput()
			if name == "2.9" {
				assert.NoError(t, err, "an old delegate fits an old runtime: %s", out)
			} else {
				assert.Error(t, err, "without the adapter it goes wrong, or the test shows nothing")
			}
		})
	}
}

// delegates are two TfLiteDelegates of before 2.10, one usable and one opaque.
const delegates = `
static int prepare(void* context, void* delegate) { return context == delegate; }
struct { void* data; void* functions[4]; long long flags; }
	usable = {0, {(void*)prepare}, 0}, opaque = {0};
`

func TestWrap(t *testing.T) {
	library, err := dl.Open(dltest.Shared(t, "libdelegates.so", dltest.Source(t, delegates)))
	require.NoError(t, err)
	symbol := func(name string) unsafe.Pointer {
		p, err := library.Symbol(name)
		require.NoError(t, err)
		return p
	}

	a, err := oldabi.Wrap(symbol("usable"))
	require.NoError(t, err)
	assert.NotNil(t, a.Ptr())
	assert.NotEqual(t, symbol("usable"), a.Ptr())
	a.Free()
	assert.Nil(t, a.Ptr())
	a.Free()

	a, err = oldabi.Wrap(symbol("opaque"))
	require.ErrorIs(t, err, errs.ErrDelegateDeclined)
	assert.ErrorContains(t, err, "opaque")
	assert.Nil(t, a)

	a, err = oldabi.Wrap(nil)
	require.ErrorIs(t, err, errs.ErrDelegateDeclined)
	assert.Nil(t, a.Ptr())
	a.Free()
}
