// Package annotate draws into a picture what was found in it.
//
//	canvas, err := annotate.New(img)
//	…
//	canvas.Objects(result.Objects)
//	err = annotate.Save("out.jpg", canvas.Image())
//
// The picture given is left as it is; the canvas is a copy. A small picture is enlarged first,
// to 640 pixels on its longer side, since text cannot be read otherwise: so the canvas may be
// larger than the picture. Line widths and text grow with the picture, and look the same
// whatever its size. Places are always those of the picture.
//
// What can be drawn are the results of package vision ([Canvas.Objects], [Canvas.Poses],
// [Canvas.Faces], [Canvas.Classes]) and of package track ([Canvas.Tracks], [Canvas.Zones],
// [Canvas.Lines]), and text ([Canvas.Caption]). What cannot be drawn, such as a box
// outside of the picture or coordinates that are no numbers, is left out.
//
// The colours are those of Okabe and Ito, which people with any kind of colour vision can
// tell apart, and a paler set of them; there are 14, then they repeat. Text is black on
// them, and lines have a dark outline, so that both show on any background. The font is Go
// Bold, which is part of the program and has the letters of Europe's languages.
package annotate
