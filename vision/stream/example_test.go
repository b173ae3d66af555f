package stream_test

import (
	"context"
	"fmt"
	"image"
	"log"
	"os"
	"path/filepath"

	"github.com/gocoral/coral/vision/annotate"
	"github.com/gocoral/coral/vision/stream"
)

// A folder of pictures, of which one is damaged.
func Example() {
	dir, err := os.MkdirTemp("", "pictures")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"door10.png", "door9.png"} {
		if err := annotate.Save(filepath.Join(dir, name), image.NewGray(image.Rect(0, 0, 64, 48))); err != nil {
			log.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "door2.jpg"), []byte("no picture"), 0o600); err != nil {
		log.Fatal(err)
	}

	var meter stream.Meter
	for frame, err := range meter.Measure(stream.Open(dir))(context.Background()) {
		if err != nil {
			fmt.Println(filepath.Base(frame.Name), "cannot be read")
			continue
		}
		fmt.Println(filepath.Base(frame.Name), frame.Image.Bounds().Size(), frame.Time)
	}
	s := meter.Stats()
	fmt.Println(s.Frames, "frames,", s.Errors, "error")
	// Output:
	// door2.jpg cannot be read
	// door9.png (64,48) 1s
	// door10.png (64,48) 2s
	// 2 frames, 1 error
}
