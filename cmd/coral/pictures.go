package main

import (
	"cmp"
	"context"
	"fmt"
	"image"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral/vision"
)

// pictureFiles are the endings that shells offer.
var pictureFiles = []string{"png", "jpg", "jpeg", "bmp", "gif", "webp", "PNG", "JPG", "JPEG"}

// aboutPictures is in the help of all commands that take pictures.
const aboutPictures = `

A picture is PNG, JPEG, BMP, GIF or WebP; "-" is one from standard input. One that cannot be
read does not keep the others from being looked at; with --json it has a line with "error".`

// aboutOutput is in that of all which draw.
const aboutOutput = `

With --output the pictures are written with what was found drawn into them: one picture
into a .png or .jpg file, or any number into a folder, which is made if it is not there,
each under its name.`

// aboutNormalization is in that of all as well.
const aboutNormalization = `

A model is trained on pixels p as (p - mean) / std. These two come from --mean and --std,
or else from the model's metadata, from the numbers that its input can hold, or from the
operators that it begins with; --verbose and --json tell which. Common ones are 127.5 and
127.5 (-1 to 1), 0 and 255 (0 to 1), 0 and 1 (pixels as they are), and those of PyTorch,
123.675,116.28,103.53 and 58.395,57.12,57.375.`

// pictureCommand makes c one that has a model look at pictures.
func (a *app) pictureCommand(c *cobra.Command, f *pictureFlags, do look) *cobra.Command {
	p := pictureTask{flags: f, look: do}
	c.Use += " -m MODEL IMAGE…"
	c.Args = f.takePictures
	c.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return pictureFiles, cobra.ShellCompDirectiveFilterFileExt
	}
	c.Long += aboutNormalization + aboutPictures + aboutOutput
	c.Flags().VarP(nameFlag{&p.output}, "output", "o", "write pictures with what was found to `FILE|DIR`, a .png or .jpg file or a folder")
	return a.does(c, func(ctx context.Context, images []string) error { return a.lookAt(ctx, p, images) })
}

// pictureTask is what is done with pictures.
type pictureTask struct {
	flags  *pictureFlags
	look   look
	output string // where to write pictures, "" for nowhere
}

// subject is the picture and the device in JSON, before what was found.
type subject struct {
	Image string `json:"image"`
	placement
}

// pictureFailure is the line of a picture that could not be read.
type pictureFailure struct {
	Image string `json:"image"`
	Error string `json:"error"`
}

// writtenTo is the file with the annotated picture.
type writtenTo struct {
	Output string `json:"output,omitempty"`
}

func (a *app) lookAt(ctx context.Context, p pictureTask, images []string) error {
	files, err := annotatedFiles(p.output, images)
	if err != nil {
		return err
	}
	v, err := a.viewer(p.flags, p.look)
	if err != nil {
		return err
	}
	defer v.close()
	defer a.showProgress(len(images))()
	next := 0
	return a.forEach(ctx, images, func(name string) error {
		defer a.bar.advance()
		next++
		return a.lookAtOne(ctx, v, name, files[next-1])
	})
}

func (a *app) lookAtOne(ctx context.Context, v *viewer, name, file string) error {
	img, err := a.loadPicture(name)
	if err != nil {
		return a.failed(name, err)
	}
	seen, err := v.view(ctx, img)
	if isFinal(err) {
		return err
	}
	if err != nil {
		return a.failed(name, err)
	}
	if file != "" {
		if err := seen.annotate(img, file); err != nil {
			return finalError{err}
		}
	}
	v.introduce(ctx, seen)
	if a.asJSON {
		return a.printFields(subject{name, place(v.session)}, seen.found, seen.measured(), writtenTo{file})
	}
	a.printSight(name, seen)
	if file != "" {
		a.print("  written to %s", file)
	}
	return nil
}

// printSight is for people.
func (a *app) printSight(name string, seen sight) {
	m := seen.measured()
	a.print("%s (preprocessing %s ms, inference %s ms)", name, m.Preprocess.text(), m.Invoke.text())
	a.table(seen.rows)
}

// rowsOr says so where there are no rows.
func rowsOr(rows [][]string, nothing string) [][]string {
	if len(rows) == 0 {
		return [][]string{{"  " + nothing}}
	}
	return rows
}

// failed gives a picture that cannot be looked at its line, too.
func (a *app) failed(name string, err error) error {
	if a.asJSON {
		return cmp.Or(a.printJSON(pictureFailure{Image: name, Error: explain(err)}), err)
	}
	return err
}

func (a *app) loadPicture(name string) (image.Image, error) {
	if name != "-" {
		return vision.Load(name)
	}
	img, err := vision.Decode(a.stdin)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return img, nil
}
