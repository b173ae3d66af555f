// Package vision has models look at pictures: it brings a picture into the input as the
// model wants it, runs the model on a session, and makes of the outputs what they mean, in
// the picture's own coordinates.
//
//	s, err := coral.Open("ssd_mobilenet_v2_edgetpu.tflite")
//	…
//	defer s.Close()
//	labels, err := vision.ReadLabels("coco_labels.txt")
//	…
//	img, err := vision.Load("street.jpg")
//	…
//	result, err := vision.Detect(ctx, s, img, vision.WithLabels(labels))
//	…
//	for _, o := range result.Objects {
//		fmt.Printf("%.2f %s %v\n", o.Score, o.Label, o.Box)
//	}
//	for _, w := range result.Warnings {
//		log.Print(w)
//	}
//
// # Tasks
//
// There is a function for each, all with the same arguments:
//
//	Classify   what is in the picture                    classifiers
//	Detect     objects with boxes                        SSD, YOLO from version 5 on, NanoDet
//	Segment    to what each place belongs                DeepLab and others with a map of classes, masks
//	Poses      persons by 17 joints                      MoveNet, PoseNet
//	Faces      faces with boxes and landmarks            BlazeFace
//	Embed      a vector, for a Gallery of known ones     models for faces, classifiers without their last layer
//	Run        the outputs as they are                   any model with one picture as its input
//
// Which model of its kind it is, the shapes of its outputs tell; a model of another kind gives
// [ErrModel], which says what was expected and what was found. Detect and those below it are
// [Run] and then a decoder that reads outputs from anywhere, such as [DecodeDetections].
//
// Boxes are in pixels of the picture from its upper left corner, keypoints from 0 to 1. With
// [WithCrop] a task looks at a part of the picture, and [Cascade] has a second model look at
// each object that the first one has found. Small objects in large pictures are found with
// [WithTiles].
//
// Package vision/annotate draws results into pictures, vision/stream reads cameras and videos, and
// vision/track follows objects from frame to frame.
//
// # Pictures
//
// [Load] reads PNG, JPEG, BMP, GIF and WebP files, and shows them upright whatever
// way the camera was held. JPEG may be progressive, in CMYK, a frame of a camera without
// Huffman tables, and have any sampling factors. Any other image.Image will do as well, such as a frame of
// a camera; *image.YCbCr is the fastest, since it is scaled before it is converted. A [Frame]
// is memory in a camera's own format: NV12, YUYV, RGB, BGR, RGBA, grey.
// Where libjpeg-turbo is installed (Debian's package libturbojpeg0), JPEG files are decoded by
// it, some three times as fast, and with [WithSizeHint] or [Input.SizeHint] smaller than they
// are, which is faster still. It is opened at run time, see [LibjpegTurbo].
// Colour profiles are ignored, transparency is dropped, and of values with 16 bits the
// upper byte counts.
//
// A picture is read in one pass, also from a pipe; of an endless stream of frames the
// first is taken. What it costs is known from its header, and no more than
// [DefaultMaxMemory] is spent, 256 MiB, unless [WithMaxMemory] allows it. Decoding takes
// these bytes for each pixel, and some hundred kilobytes for each picture:
//
//	JPEG                 1.5 with 4:2:0 sampling, 3 with 4:4:4, 1 for grey; 4 more for CMYK and Adobe's RGB
//	progressive JPEG     five times as much: 7.5, 15, 5
//	unusual sampling     9 more
//	PNG                  4, with 16 bits 8, with a palette 1; interlaced twice as much
//	BMP                  4
//	GIF                  5
//	WebP                 1.5; lossless 9, with transparency 11.5; and up to 85 MB for its tables
//
// libjpeg-turbo takes no more than that, and the file itself besides; where that would be
// more than allowed, it is not used.
//
// So 12000 by 9000 pixels can be read from a camera's JPEG, and not from a PNG. Scaling
// takes 3 bytes for each row of the picture and column of the input by [Lanczos], and 8 for
// each byte of one of the picture's rows by the others. What a file holds
// besides its pixels may be 16 MiB, a JPEG may have 100 scans: that bounds the time.
//
// # Models
//
// A model takes a picture of one size as uint8, int8, int32 or float numbers, in a range it
// was trained for. [SetInput] scales with the Lanczos kernel, and gives the same
// pixels as Pillow 9.5 does in pycoral's examples (later versions may scale the columns
// first, and then round otherwise); then it normalises them, and quantises by the
// parameters of the tensor as the runtime itself would. All that is done row by row, on the
// way into the tensor. [Run] and the tasks scale by [Area], which takes a fifth of the time
// and gives as good results; [WithFilter] has others.
//
// Which normalisation that is, is the most frequent cause of wrong results. It is that of
// an option, or else what the model tells: in its metadata, by the range of its input, or
// by the operators that it begins with. Some models tell nothing, and what is taken then
// is a guess. [NormalizationOf] tells before, and each result after the fact, what was taken, where it comes from, and what speaks against it.
//
// A picture with other proportions than the input is stretched, or keeps them and is put in
// the middle or the upper left corner: see [WithFit]. Each task has the default of those who
// trained its models.
//
// A model with more inputs than one picture takes SetInput in coral.Session.Do:
//
//	err := s.Do(ctx, func(i *tflite.Interpreter) error {
//		t, err := i.Input(0)
//		if err != nil {
//			return err
//		}
//		if err := vision.SetInput(t, img); err != nil {
//			return err
//		}
//		return i.Invoke(ctx) // then read the outputs
//	})
//
// For many pictures make an [Input] once: its Set does the same, and allocates nothing.
//
// # Labels
//
// Models count their classes; [Labels] name them. They come with the model
// ([ModelLabels]), which the tasks know, or from a file ([ReadLabels]). The classic trap
// are labels that are off by one: ImageNet models have 1001 classes with a first one for
// "background", or 1000 without, and the labels must match. [Labels.Mismatch] tells, and
// so do the warnings of each result. Detectors do not count the background and their label files
// often do; by the numbers of both [Detect] decides, and says so ([WithLabelOffset]).
package vision
