// Package vision classifies pictures with TensorFlow Lite models, and has what every
// model for pictures needs: reading files, scaling, filling an input tensor, labels.
//
//	s, err := coral.Open("mobilenet_v2_1.0_224_quant_edgetpu.tflite")
//	…
//	defer s.Close()
//	labels, err := vision.ReadLabels("imagenet_labels.txt")
//	…
//	img, err := vision.Load("cat.jpg")
//	…
//	result, err := vision.Classify(ctx, s, img, vision.WithLabels(labels), vision.WithTopK(3))
//	…
//	for _, c := range result.Classes {
//		fmt.Printf("%.2f %s\n", c.Score, c.Label)
//	}
//
// # Pictures
//
// [Load] reads PNG, JPEG, BMP, GIF and WebP files, and shows them upright whatever
// way the camera was held. Any other image.Image will do as well, such as a frame of
// a camera; *image.YCbCr is the fastest, since it is scaled before it is converted.
// Colour profiles are ignored, transparency is dropped.
//
// A picture of 12000 by 9000 pixels needs 200 to 500 MB on its way through the package,
// as a progressive JPEG 0.8 to 1.6 GB. Much larger ones are refused before memory is
// taken, see [WithMaxPixels].
//
// # Models
//
// A model takes a picture of one size as uint8, int8 or float numbers, in a range it
// was trained for. [SetInput] scales with the Lanczos kernel, and gives the same
// pixels as Pillow does in pycoral's examples; then it quantises by the parameters of
// the tensor. Its comment tells how, and when [WithNormalization] is needed.
//
// [Classify] does all of this for one kind of model. For another, use SetInput in
// coral.Session.Do:
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
// # Labels
//
// Models count their classes; [Labels] name them. The classic trap is a file that is
// off by one: ImageNet models have 1001 classes with a first one for "background", or
// 1000 without, and the file must match.
package vision
