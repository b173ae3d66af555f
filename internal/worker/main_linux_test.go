package worker_test

import (
	"encoding/gob"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/gocoral/coral/internal/worker"
	"github.com/gocoral/coral/tflite"
)

// modeEnv tells a worker of these tests how to behave.
const modeEnv = "GOCORAL_TEST_WORKER"

// onceEnv names a file that a worker makes which ends once.
const onceEnv = "GOCORAL_TEST_ONCE"

// libraryEnv names the TensorFlow Lite library that a worker opens by itself.
const libraryEnv = "GOCORAL_TEST_LIBRARY"

func TestMain(m *testing.M) {
	if os.Getenv(modeEnv) == "parent" {
		os.Exit(parent())
	}
	if worker.IsWorker() {
		behave(os.Getenv(modeEnv))
	}
	worker.Allow()
	os.Exit(m.Run())
}

func behave(mode string) {
	switch mode {
	case "another version":
		greet(struct {
			Protocol int
			Build    string
		}{1, "v0.0.0"})
	case "ends":
		fmt.Fprintln(os.Stderr, "INFO: this is of no interest")
		fmt.Fprintln(os.Stderr, "the disk is full")
		os.Exit(3)
	case "ends once":
		if f, err := os.OpenFile(os.Getenv(onceEnv), os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			f.Close()
			os.Exit(3)
		}
	case "has a library": // before it gets to know which one the program uses
		if err := tflite.Load(os.Getenv(libraryEnv)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
	case "grandchild": // holds standard error for longer than this process lives
		_ = start("sleep", "60")
	case "panic":
		go func() {
			time.Sleep(300 * time.Millisecond)
			fmt.Fprintln(os.Stderr, "F usb_driver.cc:1148 HandleQueuedBulkIn transfer in failed.")
			panic("for a test")
		}()
	}
	worker.Main()
}

func greet(message any) {
	conn, err := net.FileConn(os.NewFile(3, "control"))
	if err == nil {
		err = gob.NewEncoder(conn).Encode(message)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	time.Sleep(time.Minute)
}

func start(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	return cmd.Start()
}
