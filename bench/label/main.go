// Command label classifies pictures when it is told to, for bench/label.py, which lets
// it and Python take turns:
//
//	label MODEL
//
// Each line of standard input is a way to decode and a path: "plain", by package image/jpeg,
// "turbo", by libjpeg-turbo, or "hint", by that and no larger than the model needs. Each line
// of the answer has the nanoseconds that passed, those of processor time, and the best class.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "label:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if len(os.Args) != 2 {
		return fmt.Errorf("give one model")
	}
	runtime.GOMAXPROCS(1) // the garbage collector is part of what is measured
	s, err := coral.Open(os.Args[1], coral.WithPolicy(coral.CPUOnly), coral.WithThreads(1))
	if err != nil {
		return err
	}
	defer s.Close()
	in, err := vision.NewInput(s.Inputs()[0])
	if err != nil {
		return err
	}
	ways := map[string][]vision.LoadOption{
		"plain": {vision.WithGoDecoder()}, "turbo": nil, "hint": {in.SizeHint()},
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		way, path, _ := strings.Cut(lines.Text(), " ")
		opts, ok := ways[way]
		if !ok {
			return fmt.Errorf("%q: no such way to decode", way)
		}
		if err := measure(ctx, s, path, opts); err != nil {
			return err
		}
	}
	return nil
}

// measure times the way from a file to its best class.
func measure(ctx context.Context, s *coral.Session, path string, opts []vision.LoadOption) error {
	start, startCPU := time.Now(), processTime()
	img, err := vision.Load(path, opts...)
	if err != nil {
		return err
	}
	result, err := vision.Classify(ctx, s, img, vision.WithTopK(1))
	if err != nil {
		return err
	}
	wall, cpu := time.Since(start), processTime()-startCPU
	fmt.Println(wall.Nanoseconds(), cpu, result.Classes[0].ID)
	return nil
}
