package coral_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/tflite"
)

// secondProgramEnv has this test program be a second one that runs the model of that path.
const secondProgramEnv = "CORAL_TEST_SECOND_PROGRAM"

// secondProgram opens sessions and runs them, again and again, until its standard input
// ends. It says how many inferences ran on the device and elsewhere.
func secondProgram(path string) int {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1))
		cancel()
	}()
	device, elsewhere, err := useAgainAndAgain(ctx, path)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Printf("%d on the device, %d elsewhere\n", device, elsewhere)
	return 0
}

func useAgainAndAgain(ctx context.Context, path string) (device, elsewhere int, err error) {
	var want any
	for ctx.Err() == nil {
		s, err := coral.Open(path, coral.WithXNNPACK(tflite.XNNPACKOff))
		if err != nil {
			return 0, 0, err
		}
		for range 200 {
			outputs, err := s.Run(context.Background(), image(1))
			if err != nil {
				return 0, 0, err
			}
			if want == nil {
				want = outputs[0].Data
			}
			if !reflect.DeepEqual(want, outputs[0].Data) {
				return 0, 0, fmt.Errorf("%v instead of %v", outputs[0].Data, want)
			}
			time.Sleep(time.Millisecond)
		}
		for _, stats := range s.Stats() {
			if stats.Device.Type == coral.DeviceCPU {
				elsewhere += stats.Inferences
			} else {
				device += stats.Inferences
			}
		}
		if err := s.Close(); err != nil {
			return 0, 0, err
		}
	}
	return device, elsewhere, nil
}

// Two programs with this library and one without it want one stick: nobody is thrown off it,
// nobody dies, and no answer is wrong. CORAL_TEST_SECONDS has it go on for longer.
func TestTwoProgramsAndAForeignOne(t *testing.T) {
	duration := 4 * time.Second
	if n, err := strconv.Atoi(os.Getenv("CORAL_TEST_SECONDS")); err == nil {
		duration = time.Duration(n) * time.Second
	}
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	path := compiled(t, "tiny_int8")
	second := exec.Command("/proc/self/exe")
	second.Env = append(os.Environ(), secondProgramEnv+"="+path)
	var printed strings.Builder
	second.Stdout, second.Stderr = &printed, &printed
	stdin, err := second.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, second.Start())

	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	var device, elsewhere int
	go func() {
		var err error
		device, elsewhere, err = useAgainAndAgain(ctx, path)
		first <- err
	}()
	claims := claimNowAndThen(t, sim, duration)
	cancel()
	require.NoError(t, stdin.Close())
	require.NoError(t, second.Wait(), printed.String())
	require.NoError(t, <-first)
	stats := sim.Stats("2-1")
	assert.Zero(t, stats.BrokenClaims, "no program was thrown off")
	assert.Positive(t, claims)
	t.Logf("%d claims, %d resets of the free device; this program: %d on the device, %d elsewhere; the second: %s",
		claims, stats.Resets, device, elsewhere, strings.TrimSpace(printed.String()))
}

// claimNowAndThen is the foreign program: it claims the device when nobody has it. It does
// so under this library's lock, as no foreign program would: between the look at a claim and
// the opening there is a moment in which nobody can keep another program from claiming.
func claimNowAndThen(t *testing.T, sim *edgetputest.Sim, duration time.Duration) (claims int) {
	t.Helper()
	devices, err := edgetpu.Probe(t.Context())
	require.NoError(t, err)
	require.Len(t, devices, 1)
	for end := time.Now().Add(duration); time.Now().Before(end) || claims == 0; time.Sleep(time.Millisecond) {
		lock, err := edgetpu.LockDevice(devices[0])
		if err != nil {
			if !errors.Is(err, coral.ErrNoDevice) { // it comes back with its firmware
				require.ErrorIs(t, err, coral.ErrDeviceBusy)
			}
			continue
		}
		if free := sim.Stats("2-1").Owner == 0; free {
			sim.Claim("2-1")
			claims++
		}
		require.NoError(t, lock.Unlock())
		time.Sleep(50 * time.Millisecond)
		sim.Release("2-1")
		time.Sleep(50 * time.Millisecond)
	}
	return claims
}
