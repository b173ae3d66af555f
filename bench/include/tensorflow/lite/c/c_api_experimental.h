/* What go-tflite asks of tensorflow/lite/c/c_api_experimental.h and common.h. Its
 * C code reaches into the runtime's structures, so their beginnings are here as
 * they have been from TFLite 2.5 to 2.20. */
#ifndef GOCORAL_BENCH_C_API_EXPERIMENTAL_H_
#define GOCORAL_BENCH_C_API_EXPERIMENTAL_H_

#include "c_api.h"

typedef struct TfLiteIntArray {
  int size;
  int data[];
} TfLiteIntArray;

typedef struct TfLiteFloatArray {
  int size;
  float data[];
} TfLiteFloatArray;

typedef enum TfLiteAllocationType {
  kTfLiteMmapRo = 1,
  kTfLiteDynamic = 4,
} TfLiteAllocationType;

typedef enum TfLiteQuantizationType {
  kTfLiteNoQuantization = 0,
  kTfLiteAffineQuantization = 1,
} TfLiteQuantizationType;

typedef struct TfLiteQuantization {
  TfLiteQuantizationType type;
  void* params;
} TfLiteQuantization;

typedef struct TfLiteAffineQuantization {
  TfLiteFloatArray* scale;
  TfLiteIntArray* zero_point;
  int32_t quantized_dimension;
} TfLiteAffineQuantization;

struct TfLiteTensor {
  TfLiteType type;
  union {
    char* raw;
  } data;
  TfLiteIntArray* dims;
  TfLiteQuantizationParams params;
  TfLiteAllocationType allocation_type;
  size_t bytes;
  const void* allocation;
  const char* name;
  TfLiteDelegate* delegate;
  int buffer_handle;
  bool data_is_stale;
  bool is_variable;
  TfLiteQuantization quantization;
};

typedef struct TfLiteContext TfLiteContext;
typedef struct TfLiteNode TfLiteNode;

typedef struct TfLiteRegistration {
  void* (*init)(TfLiteContext*, const char* buffer, size_t length);
  void (*free)(TfLiteContext*, void* buffer);
  TfLiteStatus (*prepare)(TfLiteContext*, TfLiteNode*);
  TfLiteStatus (*invoke)(TfLiteContext*, TfLiteNode*);
  const char* (*profiling_string)(const TfLiteContext*, const TfLiteNode*);
  int32_t builtin_code;
  const char* custom_name;
  int version;
} TfLiteRegistration;

struct TfLiteContext {
  size_t tensors_size;
  TfLiteStatus (*GetExecutionPlan)(TfLiteContext*, TfLiteIntArray** plan);
  TfLiteTensor* tensors;
  void* impl;
  TfLiteStatus (*ResizeTensor)(TfLiteContext*, TfLiteTensor*, TfLiteIntArray*);
  void (*ReportError)(TfLiteContext*, const char* format, ...);
  TfLiteStatus (*AddTensors)(TfLiteContext*, int count, int* first);
  TfLiteStatus (*GetNodeAndRegistration)(TfLiteContext*, int index,
                                         TfLiteNode**, TfLiteRegistration**);
};

typedef int32_t TfLiteBuiltinOperator;

void TfLiteInterpreterOptionsAddBuiltinOp(TfLiteInterpreterOptions*,
                                          TfLiteBuiltinOperator,
                                          const TfLiteRegistration*,
                                          int32_t min_version,
                                          int32_t max_version);
void TfLiteInterpreterOptionsAddCustomOp(TfLiteInterpreterOptions*,
                                         const char* name,
                                         const TfLiteRegistration*,
                                         int32_t min_version,
                                         int32_t max_version);
void TfLiteInterpreterOptionsSetUseNNAPI(TfLiteInterpreterOptions*, bool);
void TfLiteInterpreterOptionsSetEnableDelegateFallback(
    TfLiteInterpreterOptions*, bool);

TfLiteStatus TfLiteInterpreterResetVariableTensors(TfLiteInterpreter*);
int32_t TfLiteInterpreterGetInputTensorIndex(const TfLiteInterpreter*,
                                             int32_t input_index);
int32_t TfLiteInterpreterGetOutputTensorIndex(const TfLiteInterpreter*,
                                              int32_t output_index);
int32_t TfLiteInterpreterGetVariableTensorCount(const TfLiteInterpreter*);
TfLiteTensor* TfLiteInterpreterGetVariableTensor(const TfLiteInterpreter*,
                                                 int32_t variable_index);
TfLiteStatus TfLiteInterpreterModifyGraphWithDelegate(const TfLiteInterpreter*,
                                                      TfLiteDelegate*);
TfLiteStatus TfLiteInterpreterEnsureTensorDataIsReadable(TfLiteInterpreter*,
                                                         int tensor_index);
TfLiteStatus TfLiteSignatureRunnerCancel(TfLiteSignatureRunner*);

#endif /* GOCORAL_BENCH_C_API_EXPERIMENTAL_H_ */
