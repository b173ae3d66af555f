// Package stream reads pictures that come one after the other: from a folder, a video, a
// camera, or over HTTP. It also shows pictures over HTTP and writes videos.
//
//	source := stream.Open("rtsp://camera/stream", stream.WithSize(640, 0))
//	for frame, err := range stream.Latest(source)(ctx) {
//		if err != nil {
//			log.Print(err)
//			continue
//		}
//		found, err := vision.Detect(ctx, session, frame.Image)
//		…
//	}
//
// A [Source] is a function from a context to an iter.Seq2. It opens what it reads when the
// loop begins, and closes it when the loop ends, however that is: no process, no file and no
// goroutine is left. The end of the context ends the loop with an error that wraps the
// context's.
//
// An error need not be the end. One picture of many may be damaged; then the loop goes on
// after the error, if the program lets it. After an error that is the end of the source the
// loop ends by itself, so that a program may say continue after any error.
//
// # Sources
//
// [Open] knows by its name what something is. [Pictures] is a folder, [Video] is any file or
// URL that ffmpeg can read, [MJPEG] is a camera that sends pictures over HTTP, [JPEGs] are
// pictures on a pipe, [Camera] is a camera of Linux (V4L2). Videos need the program ffmpeg;
// all others need nothing.
//
// # Live sources
//
// A camera does not wait. A program that is slower than it would look at ever older pictures,
// or at those that happen to be in some buffer. [Latest] reads the source beside the program's
// own work, and hands out the newest frame; frames that nobody had time for are dropped, and
// counted in [Frame].Dropped. No more than three frames exist at a time: the one in the
// program's hands, the newest one, and the one that is being read. Reading the next frame
// takes its time while the program works on the last one, which also makes files faster; but
// frames of a file would be dropped too. [IsLive] tells what a name stands for.
//
// # Results
//
// [Broadcast] is an http.Handler that shows pictures in any browser as they come,
// [Create] writes a video by way of ffmpeg, and [Meter] counts frames per second and dropped frames.
package stream
