//go:build gotflite || tflite_link

// Package cloop invokes a model from a loop in C, with nothing of Go in between: what
// an Invoke from Go is measured against. It calls the library that the program is
// linked with, which CGO_LDFLAGS names (bench/run.sh), by declarations of its own.
package cloop

/*
#include <stdlib.h>
#include <string.h>
#include "../../include/tensorflow/lite/c/c_api.h"

typedef struct {
  void* data;
  TfLiteModel* model;
  TfLiteInterpreter* interpreter;
} cloop;

static void cloop_close(cloop* c) {
  if (c->interpreter) TfLiteInterpreterDelete(c->interpreter);
  if (c->model) TfLiteModelDelete(c->model);
  free(c->data);
}

// cloop_open takes over data.
static bool cloop_open(cloop* c, void* data, size_t size) {
  c->data = data;
  c->model = TfLiteModelCreate(data, size);
  if (c->model == NULL) return false;
  TfLiteInterpreterOptions* options = TfLiteInterpreterOptionsCreate();
  TfLiteInterpreterOptionsSetNumThreads(options, 1);
  c->interpreter = TfLiteInterpreterCreate(c->model, options);
  TfLiteInterpreterOptionsDelete(options);
  if (c->interpreter == NULL ||
      TfLiteInterpreterAllocateTensors(c->interpreter) != kTfLiteOk) {
    return false;
  }
  int inputs = TfLiteInterpreterGetInputTensorCount(c->interpreter);
  for (int i = 0; i < inputs; i++) {
    TfLiteTensor* t = TfLiteInterpreterGetInputTensor(c->interpreter, i);
    memset(TfLiteTensorData(t), 0, TfLiteTensorByteSize(t));
  }
  return true;
}

static int cloop_invoke(const cloop* c, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    TfLiteStatus status = TfLiteInterpreterInvoke(c->interpreter);
    if (status != kTfLiteOk) return status;
  }
  return kTfLiteOk;
}
*/
import "C"

import (
	"fmt"
	"os"
)

// Version is that of the TensorFlow Lite that is linked.
func Version() string { return C.GoString(C.TfLiteVersion()) }

// Loop is a model on one thread, with the runtime's built-in kernels, and with inputs
// of zero.
type Loop struct{ c C.cloop }

// Open loads a model.
func Open(path string) (*Loop, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	l := new(Loop)
	if !C.cloop_open(&l.c, C.CBytes(file), C.size_t(len(file))) {
		l.Close()
		return nil, fmt.Errorf("%s: the runtime cannot load it", path)
	}
	return l, nil
}

// Invoke runs the model n times in a row.
func (l *Loop) Invoke(n int) error {
	if status := C.cloop_invoke(&l.c, C.int64_t(n)); status != 0 {
		return fmt.Errorf("invoke: status %d", status)
	}
	return nil
}

// Close frees everything.
func (l *Loop) Close() {
	C.cloop_close(&l.c)
	l.c = C.cloop{}
}
