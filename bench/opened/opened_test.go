package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/bench"
)

// With OPENED_TEST_PRINTS this program stands in for one that takes a turn.
func TestMain(m *testing.M) {
	text, ok := os.LookupEnv("OPENED_TEST_PRINTS")
	if !ok {
		os.Exit(m.Run())
	}
	if text == "" {
		fmt.Fprintln(os.Stderr, "no library to be found")
		os.Exit(1)
	}
	fmt.Println(text)
}

func printing(t *testing.T, name, text string) contender {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	// The race detector has every program wait for a second at its end.
	env := []string{"GORACE=atexit_sleep_ms=0", "OPENED_TEST_PRINTS=" + text}
	return contender{name: name, program: self, turn: turnC, env: env}
}

func taking(t *testing.T, name, version string, wall, cpu []float64, allocations float64) contender {
	t.Helper()
	text, err := json.Marshal(result{Version: version, Series: bench.Series{Wall: wall, CPU: cpu}, Allocations: allocations})
	require.NoError(t, err)
	return printing(t, name, string(text))
}

func TestCompare(t *testing.T) {
	var out bytes.Buffer
	err := compare(t.Context(), &out, 2, "m/tiny.tflite", []contender{
		taking(t, "in C", "2.17.1", []float64{40, 41, 900}, []float64{40}, 0),
		taking(t, "linked", "2.17.1", []float64{100}, []float64{100}, 0),
		taking(t, "opened", "2.17.1", []float64{110}, []float64{90}, 2),
	})
	require.NoError(t, err)
	assert.Contains(t, out.String(), "TensorFlow Lite 2.17.1")
	assert.Contains(t, out.String(), "\ntiny.tflite\n")
	assert.Regexp(t, `in C +41\.00 +40\.00\n`, out.String(), "the median of a turn")
	assert.Regexp(t, `linked +100\.00 +100\.00 +59\.00 \(59\.00 to 59\.00\) +60\.00 \(`, out.String())
	assert.Regexp(t, `opened +110\.00 +90\.00 +69\.00 \(`, out.String())
	assert.Contains(t, out.String(), "1.10 (1.10 to 1.10) of the time of the one before, 0.90 (0.90 to 0.90) of CPU")
	assert.Contains(t, out.String(), "Allocations in an Invoke: 0 and 2.")
}

func TestCompareWhereTheSystemTellsNoCPUTime(t *testing.T) {
	var out bytes.Buffer
	c := taking(t, "any", "2.17.1", []float64{100}, nil, 0)
	require.NoError(t, compare(t.Context(), &out, 1, "tiny.tflite", []contender{c, c, c}))
	assert.Contains(t, out.String(), "1.00 (1.00 to 1.00) of the time of the one before, - of CPU")
}

func TestCompareRefusesTwoRuntimes(t *testing.T) {
	err := compare(t.Context(), &bytes.Buffer{}, 1, "tiny.tflite", []contender{
		taking(t, "in C", "2.17.1", []float64{40}, nil, 0),
		taking(t, "linked", "2.17.1", []float64{100}, nil, 0),
		taking(t, "opened", "2.20.0", []float64{100}, nil, 0),
	})
	assert.EqualError(t, err, "opened calls TensorFlow Lite 2.20.0, and another contender 2.17.1: give -library the file that the other is linked with")
}

func TestCompareTellsWhyAProgramFailed(t *testing.T) {
	err := compare(t.Context(), &bytes.Buffer{}, 1, "tiny.tflite", []contender{printing(t, "opened", "")})
	require.ErrorContains(t, err, "opened: exit status 1: no library to be found")

	err = compare(t.Context(), &bytes.Buffer{}, 1, "tiny.tflite", []contender{printing(t, "opened", "hello")})
	require.ErrorContains(t, err, "printed no turn")
}

func TestLibraryTurn(t *testing.T) {
	r, err := inLibrary(t.Context(), "../../tflite/testdata/no_signature.tflite")
	require.NoError(t, err)
	assert.NotEmpty(t, r.Version)
	assert.Len(t, r.Wall, loopsPerTurn)
	for _, wall := range r.Wall {
		assert.Positive(t, wall)
	}

	_, err = inLibrary(t.Context(), "none.tflite")
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, printTurn(t.Context(), "go", "none.tflite"), "-turn go: take c or library")
}

// The opened contender is told which file to open, and the one that is linked is not.
func TestContenders(t *testing.T) {
	all := contenders("opened", "linked", "lib/libtensorflowlite_c.so")
	require.Len(t, all, 3)
	assert.Equal(t, []string{"linked", "linked", "opened"}, []string{all[0].program, all[1].program, all[2].program})
	assert.Equal(t, turnC, all[0].turn)
	assert.Empty(t, all[1].env)
	assert.Equal(t, []string{"CORAL_TFLITE_LIB=lib/libtensorflowlite_c.so"}, all[2].env)
	assert.Empty(t, contenders("opened", "linked", "")[2].env)
}

func TestBuildOfWhatIsNoProgram(t *testing.T) {
	file := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(file, []byte("text"), 0o600))
	assert.Equal(t, "build unknown", build(file))
}
