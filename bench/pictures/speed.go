package main

import (
	"context"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"text/tabwriter"

	"golang.org/x/image/draw"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/bench"
	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

var filters = []vision.Filter{vision.Lanczos, vision.Bilinear, vision.Area, vision.Linear}

// speed has pictures of 1920 by 1080 pixels written into the model's input.
func speed(ctx context.Context, model string, rounds int) error {
	s, err := coral.Open(model, coral.WithPolicy(coral.CPUOnly))
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Printf("1920×1080 pixels to the input of %s, %d rounds\n", model, rounds)
	return s.Do(ctx, func(i *tflite.Interpreter) error {
		t, err := i.Input(0)
		if err != nil {
			return err
		}
		for _, p := range frames() {
			if err := race(t, p, rounds); err != nil {
				return err
			}
		}
		return nil
	})
}

// frame is a picture, and one of the same size that x/image scales.
type frame struct {
	name   string
	ours   image.Image
	theirs image.Image
}

// frames are of noise, which takes as long as anything.
func frames() []frame {
	r := image.Rect(0, 0, 1920, 1080)
	ycc, rgba := image.NewYCbCr(r, image.YCbCrSubsampleRatio420), image.NewRGBA(r)
	nv12 := &vision.Frame{Format: vision.NV12, Width: r.Dx(), Height: r.Dy(), Stride: r.Dx(), Pix: make([]uint8, r.Dx()*r.Dy()*3/2)}
	yuyv := &vision.Frame{Format: vision.YUYV, Width: r.Dx(), Height: r.Dy(), Stride: 2 * r.Dx(), Pix: make([]uint8, 2*r.Dx()*r.Dy())}
	rgb := &vision.Frame{Format: vision.RGB, Width: r.Dx(), Height: r.Dy(), Stride: 3 * r.Dx(), Pix: make([]uint8, 3*r.Dx()*r.Dy())}
	random := rand.New(rand.NewPCG(1, 2))
	for _, pix := range [][]uint8{ycc.Y, ycc.Cb, ycc.Cr, rgba.Pix, nv12.Pix, yuyv.Pix, rgb.Pix} {
		for k := range pix {
			pix[k] = uint8(random.Uint32())
		}
	}
	// Of what x/image has no layout for, it gets the nearest one.
	return []frame{
		{"YCbCr 4:2:0", ycc, ycc},
		{"RGBA", rgba, rgba},
		{"NV12 (x/image: YCbCr)", nv12, ycc},
		{"YUYV (x/image: YCbCr)", yuyv, ycc},
		{"RGB (x/image: RGBA)", rgb, rgba},
	}
}

// race has x/image and our filters take turns.
func race(t *tflite.Tensor, p frame, rounds int) error {
	shape := t.Shape()
	dst := image.NewRGBA(image.Rect(0, 0, shape[2], shape[1]))
	var contenders []bench.Contender
	for name, scaler := range map[string]draw.Scaler{"draw.ApproxBiLinear": draw.ApproxBiLinear, "draw.CatmullRom": draw.CatmullRom} {
		contenders = append(contenders, bench.Contender{Name: name, Run: func(n int) error {
			for range n {
				scaler.Scale(dst, dst.Rect, p.theirs, p.theirs.Bounds(), draw.Src, nil)
			}
			return nil
		}})
	}
	if contenders[0].Name != "draw.ApproxBiLinear" {
		contenders[0], contenders[1] = contenders[1], contenders[0]
	}
	for _, f := range filters {
		in, err := vision.NewInput(t.Info(), vision.WithFilter(f))
		if err != nil {
			return err
		}
		contenders = append(contenders, bench.Contender{Name: f.String(), Run: func(n int) error {
			for range n {
				if _, err := in.Set(t, p.ours); err != nil {
					return err
				}
			}
			return nil
		}})
	}
	const calls = 3
	series, err := bench.Measure(rounds, calls, contenders...)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s\n", p.name)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\tms\tof CPU\ttimes ApproxBiLinear\tof CPU\t\n")
	for _, s := range series {
		fmt.Fprintf(w, "%s\t%s\t%s\t%v\t%v\t\n", s.Name, milliseconds(s.Wall), milliseconds(s.CPU),
			bench.Ratios(s.Wall, series[0].Wall), bench.Ratios(s.CPU, series[0].CPU))
	}
	return w.Flush()
}

func milliseconds(times []float64) string {
	if len(times) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", bench.Summarise(times).Median/1e6)
}
