/* TensorFlow Lite's structures, as far as they are read or written here. Their first
 * parts have not changed from 2.5 to 2.20 (capi.Known); only these are declared. */
#ifndef GOCORAL_STRUCTURES_H_
#define GOCORAL_STRUCTURES_H_

#include "table.h"

struct TfLiteRegistration {
  void* init;
  void* free;
  void* prepare;
  void* invoke;
  void* profiling_string;
  int32_t builtin_code;
  const char* custom_name;
  int version;
};

enum { CORAL_CUSTOM = 32, CORAL_DELEGATE = 51 }; /* of builtin_code */

typedef struct {
  int size;
  int data[];
} int_array;

typedef struct {
  int size;
  float data[];
} float_array;

typedef struct {
  float_array* scale;
  int_array* zero_point;
  int32_t quantized_dimension;
} affine_quantization;

enum { CORAL_AFFINE = 1 }; /* of TfLiteQuantizationType */

struct TfLiteTensor {
  TfLiteType type;
  void* data;
  int_array* dims;
  struct {
    float scale;
    int32_t zero_point;
  } params;
  int32_t allocation_type;
  size_t bytes;
  const void* allocation;
  const char* name;
  TfLiteDelegate* delegate;
  int buffer_handle;
  bool data_is_stale;
  bool is_variable;
  struct {
    int32_t type;
    void* params;
  } quantization;
  void* sparsity;
  const int_array* dims_signature;
};

typedef struct {
  int_array* inputs;
  int_array* outputs;
  int_array* intermediates;
  int_array* temporaries;
  void* user_data;
  void* builtin_data;
  const void* custom_initial_data;
  int custom_initial_data_size;
  TfLiteDelegate* delegate;
} node;

typedef struct {
  TfLiteDelegate* delegate;
  int_array* nodes_to_replace;
} delegate_params;

struct TfLiteContext {
  size_t tensors_size;
  TfLiteStatus (*GetExecutionPlan)(TfLiteContext*, int_array** plan);
  TfLiteTensor* tensors;
  void* impl;
  TfLiteStatus (*ResizeTensor)(TfLiteContext*, TfLiteTensor*, int_array*);
  void (*ReportError)(TfLiteContext*, const char* format, ...);
  TfLiteStatus (*AddTensors)(TfLiteContext*, int count, int* first);
  TfLiteStatus (*GetNodeAndRegistration)(TfLiteContext*, int index, node**,
                                         TfLiteRegistration**);
};

struct TfLiteDelegate {
  void* data;
  TfLiteStatus (*Prepare)(TfLiteContext*, TfLiteDelegate*);
  void* CopyFromBufferHandle;
  void* CopyToBufferHandle;
  void* FreeBufferHandle;
  int64_t flags;
  char newer_fields[256]; /* zero, whatever a later runtime reads there */
};

enum { CORAL_ALLOW_DYNAMIC_TENSORS = 1 }; /* of TfLiteDelegateFlags */

#endif /* GOCORAL_STRUCTURES_H_ */
