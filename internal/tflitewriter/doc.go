// Package tflitewriter writes .tflite files, for the parts of this module that need
// one which no converter makes: the stand-in for a model that runs in another process,
// the look-alikes of compiled models in edgetputest, and the models of tests.
//
// [Model] writes what package model reads. [Builder] is the layer below, for a table
// that package model has no type for, or for one that has to be wrong in some way. It
// knows no schema: fields are set by their slots, which are stated in TensorFlow Lite's
// schema.fbs and in libedgetpu's executable.fbs.
package tflitewriter
