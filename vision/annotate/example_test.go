package annotate_test

import (
	"fmt"
	"image"
	"log"
	"os"
	"path/filepath"

	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/annotate"
)

// A picture of 96 by 96 pixels, as tiny models see it, is enlarged so that the text can be
// read. The box is in pixels of the picture all the same.
func Example() {
	picture := image.NewGray(image.Rect(0, 0, 96, 96))
	found := []vision.Object{{Label: "person", Score: 0.93, Box: vision.Box{XMin: 30, YMin: 20, XMax: 60, YMax: 90}}}

	canvas, err := annotate.New(picture)
	if err != nil {
		log.Fatal(err)
	}
	canvas.Objects(found)
	canvas.Caption("frame 1")
	path := filepath.Join(os.TempDir(), "annotated.png")
	if err := annotate.Save(path, canvas.Image()); err != nil {
		log.Fatal(err)
	}
	defer os.Remove(path)
	fmt.Println(canvas.Image().Bounds().Size())
	// Output: (640,640)
}
