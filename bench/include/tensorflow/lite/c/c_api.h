/* The part of TensorFlow Lite's C API that go-tflite and bench/internal/cloop call,
 * declared by ourselves, so that comparing needs no TensorFlow sources. It stands
 * alone: the library's own declarations may lead to a table of functions, and what
 * is compared here calls those of the library it is linked with. The names, numbers
 * and types are those of TensorFlow Lite 2.17. Not for anything else. */
#ifndef GOCORAL_BENCH_C_API_H_
#define GOCORAL_BENCH_C_API_H_

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct TfLiteModel TfLiteModel;
typedef struct TfLiteInterpreter TfLiteInterpreter;
typedef struct TfLiteInterpreterOptions TfLiteInterpreterOptions;
typedef struct TfLiteSignatureRunner TfLiteSignatureRunner;
typedef struct TfLiteTensor TfLiteTensor;
typedef struct TfLiteDelegate TfLiteDelegate;

typedef enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 } TfLiteStatus;

typedef enum TfLiteType { kTfLiteNoType = 0 } TfLiteType;

typedef struct TfLiteQuantizationParams {
  float scale;
  int32_t zero_point;
} TfLiteQuantizationParams;

typedef void (*bench_reporter)(void* user_data, const char* format, va_list);

const char* TfLiteVersion(void);
const char* TfLiteExtensionApisVersion(void);
int TfLiteSchemaVersion(void);

TfLiteModel* TfLiteModelCreate(const void* model_data, size_t model_size);
TfLiteModel* TfLiteModelCreateWithErrorReporter(const void* model_data,
                                                size_t model_size,
                                                bench_reporter,
                                                void* user_data);
TfLiteModel* TfLiteModelCreateFromFile(const char* path);
TfLiteModel* TfLiteModelCreateFromFileWithErrorReporter(const char* path,
                                                        bench_reporter,
                                                        void* user_data);
void TfLiteModelDelete(TfLiteModel*);

TfLiteInterpreterOptions* TfLiteInterpreterOptionsCreate(void);
TfLiteInterpreterOptions* TfLiteInterpreterOptionsCopy(
    const TfLiteInterpreterOptions*);
void TfLiteInterpreterOptionsDelete(TfLiteInterpreterOptions*);
void TfLiteInterpreterOptionsSetNumThreads(TfLiteInterpreterOptions*,
                                           int32_t num_threads);
void TfLiteInterpreterOptionsAddDelegate(TfLiteInterpreterOptions*,
                                         TfLiteDelegate*);
void TfLiteInterpreterOptionsSetErrorReporter(TfLiteInterpreterOptions*,
                                              bench_reporter, void* user_data);
TfLiteStatus TfLiteInterpreterOptionsEnableCancellation(
    TfLiteInterpreterOptions*, bool enable);

TfLiteInterpreter* TfLiteInterpreterCreate(const TfLiteModel*,
                                           const TfLiteInterpreterOptions*);
void TfLiteInterpreterDelete(TfLiteInterpreter*);
int32_t TfLiteInterpreterGetInputTensorCount(const TfLiteInterpreter*);
const int* TfLiteInterpreterInputTensorIndices(const TfLiteInterpreter*);
TfLiteTensor* TfLiteInterpreterGetInputTensor(const TfLiteInterpreter*,
                                              int32_t input_index);
int32_t TfLiteInterpreterGetOutputTensorCount(const TfLiteInterpreter*);
const int* TfLiteInterpreterOutputTensorIndices(const TfLiteInterpreter*);
const TfLiteTensor* TfLiteInterpreterGetOutputTensor(const TfLiteInterpreter*,
                                                     int32_t output_index);
TfLiteTensor* TfLiteInterpreterGetTensor(const TfLiteInterpreter*, int index);
TfLiteStatus TfLiteInterpreterResizeInputTensor(TfLiteInterpreter*,
                                                int32_t input_index,
                                                const int* dims,
                                                int32_t dims_size);
TfLiteStatus TfLiteInterpreterAllocateTensors(TfLiteInterpreter*);
TfLiteStatus TfLiteInterpreterInvoke(TfLiteInterpreter*);
TfLiteStatus TfLiteInterpreterCancel(const TfLiteInterpreter*);

TfLiteType TfLiteTensorType(const TfLiteTensor*);
int32_t TfLiteTensorNumDims(const TfLiteTensor*);
int32_t TfLiteTensorDim(const TfLiteTensor*, int32_t dim_index);
size_t TfLiteTensorByteSize(const TfLiteTensor*);
void* TfLiteTensorData(const TfLiteTensor*);
const char* TfLiteTensorName(const TfLiteTensor*);
TfLiteQuantizationParams TfLiteTensorQuantizationParams(const TfLiteTensor*);
TfLiteStatus TfLiteTensorCopyFromBuffer(TfLiteTensor*, const void* data,
                                        size_t size);
TfLiteStatus TfLiteTensorCopyToBuffer(const TfLiteTensor*, void* data,
                                      size_t size);

int32_t TfLiteInterpreterGetSignatureCount(const TfLiteInterpreter*);
const char* TfLiteInterpreterGetSignatureKey(const TfLiteInterpreter*,
                                             int32_t signature_index);
TfLiteSignatureRunner* TfLiteInterpreterGetSignatureRunner(
    const TfLiteInterpreter*, const char* signature_key);
void TfLiteSignatureRunnerDelete(TfLiteSignatureRunner*);
size_t TfLiteSignatureRunnerGetInputCount(const TfLiteSignatureRunner*);
const char* TfLiteSignatureRunnerGetInputName(const TfLiteSignatureRunner*,
                                              int32_t input_index);
TfLiteTensor* TfLiteSignatureRunnerGetInputTensor(TfLiteSignatureRunner*,
                                                  const char* name);
size_t TfLiteSignatureRunnerGetOutputCount(const TfLiteSignatureRunner*);
const char* TfLiteSignatureRunnerGetOutputName(const TfLiteSignatureRunner*,
                                               int32_t output_index);
const TfLiteTensor* TfLiteSignatureRunnerGetOutputTensor(
    const TfLiteSignatureRunner*, const char* name);
TfLiteStatus TfLiteSignatureRunnerResizeInputTensor(TfLiteSignatureRunner*,
                                                    const char* name,
                                                    const int* dims,
                                                    int32_t dims_size);
TfLiteStatus TfLiteSignatureRunnerAllocateTensors(TfLiteSignatureRunner*);
TfLiteStatus TfLiteSignatureRunnerInvoke(TfLiteSignatureRunner*);

#endif /* GOCORAL_BENCH_C_API_H_ */
