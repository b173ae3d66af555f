/* Another user of TensorFlow Lite in the process: it calls the functions that the process
 * shows to all. It comes in the form of a delegate plugin, because tests can call those. It
 * makes no delegate, and reports version and results of the models that its options name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct model model;
typedef struct options options;
typedef struct interpreter interpreter;
typedef struct tensor tensor;
typedef struct delegate delegate;

const char* TfLiteVersion(void);
model* TfLiteModelCreateFromFile(const char* path);
void TfLiteModelDelete(model*);
options* TfLiteInterpreterOptionsCreate(void);
void TfLiteInterpreterOptionsDelete(options*);
void TfLiteInterpreterOptionsAddDelegate(options*, delegate*);
interpreter* TfLiteInterpreterCreate(const model*, const options*);
void TfLiteInterpreterDelete(interpreter*);
int TfLiteInterpreterAllocateTensors(interpreter*);
int TfLiteInterpreterInvoke(interpreter*);
tensor* TfLiteInterpreterGetInputTensor(const interpreter*, int);
const tensor* TfLiteInterpreterGetOutputTensor(const interpreter*, int);
size_t TfLiteTensorByteSize(const tensor*);
void* TfLiteTensorData(const tensor*);
delegate* TfLiteXNNPackDelegateCreate(const void*);
void TfLiteXNNPackDelegateDelete(delegate*);

static void run(interpreter* i, char* text, size_t room) {
  if (TfLiteInterpreterAllocateTensors(i) != 0) return;
  tensor* in = TfLiteInterpreterGetInputTensor(i, 0);
  unsigned char* to = TfLiteTensorData(in);
  for (size_t k = 0; k < TfLiteTensorByteSize(in); k++) to[k] = k % 4 == 3 ? 63 : 31 * k;
  if (TfLiteInterpreterInvoke(i) != 0) return;
  const tensor* out = TfLiteInterpreterGetOutputTensor(i, 0);
  const unsigned char* from = TfLiteTensorData(out);
  for (size_t k = 0; k < TfLiteTensorByteSize(out) && k < 64; k++) {
    size_t used = strlen(text);
    snprintf(text + used, room - used, "%02x", from[k]);
  }
}

__attribute__((visibility("default"))) void* tflite_plugin_create_delegate(
    char** keys, char** values, size_t n, void (*report)(const char*)) {
  report(TfLiteVersion());
  for (size_t k = 0; k < n; k++) {
    char text[512] = "";
    delegate* xnnpack = strcmp(keys[k], "XNNPACK") == 0 ? TfLiteXNNPackDelegateCreate(NULL) : NULL;
    model* m = TfLiteModelCreateFromFile(values[k]);
    options* o = TfLiteInterpreterOptionsCreate();
    if (xnnpack) TfLiteInterpreterOptionsAddDelegate(o, xnnpack);
    interpreter* i = TfLiteInterpreterCreate(m, o);
    if (i) run(i, text, sizeof text);
    report(*text ? text : "it failed");
    if (i) TfLiteInterpreterDelete(i);
    TfLiteInterpreterOptionsDelete(o);
    TfLiteModelDelete(m);
    if (xnnpack) TfLiteXNNPackDelegateDelete(xnnpack);
  }
  return NULL;
}
