/* What go-tflite asks of tensorflow/lite/c/c_api.h, declared by ourselves, so that
 * comparing with it needs no TensorFlow sources. Most of it is in this module's own
 * header; the rest is what only go-tflite calls. Not for anything else. */
#ifndef GOCORAL_BENCH_C_API_H_
#define GOCORAL_BENCH_C_API_H_

#include "../../../../../internal/capi/tflite_c.h"

typedef struct TfLiteQuantizationParams {
  float scale;
  int32_t zero_point;
} TfLiteQuantizationParams;

TfLiteModel* TfLiteModelCreateFromFile(const char* path);

TfLiteQuantizationParams TfLiteTensorQuantizationParams(const TfLiteTensor*);
TfLiteStatus TfLiteTensorCopyFromBuffer(TfLiteTensor*, const void* data,
                                        size_t size);
TfLiteStatus TfLiteTensorCopyToBuffer(const TfLiteTensor*, void* data,
                                      size_t size);

#endif /* GOCORAL_BENCH_C_API_H_ */
