/* What go-tflite asks of tensorflow/lite/delegates/xnnpack/xnnpack_delegate.h.
 *
 * The runtime returns these options by value, and their size depends on its version:
 * 32 bytes in 2.17, 56 in 2.20. Structures of more than 16 bytes are returned through
 * the caller's memory, so a longer one than any of them is right for all. The number of
 * threads, which is all that the comparison sets, has the same place in both; flags and
 * cache are where 2.17 has them, and elsewhere in 2.20. */
#ifndef GOCORAL_BENCH_XNNPACK_DELEGATE_H_
#define GOCORAL_BENCH_XNNPACK_DELEGATE_H_

#include "../../c/c_api.h"

enum {
  TFLITE_XNNPACK_DELEGATE_FLAG_QS8 = 0x00000001,
  TFLITE_XNNPACK_DELEGATE_FLAG_QU8 = 0x00000002,
  TFLITE_XNNPACK_DELEGATE_FLAG_FORCE_FP16 = 0x00000004,
  TFLITE_XNNPACK_DELEGATE_FLAG_DYNAMIC_FULLY_CONNECTED = 0x00000008,
  TFLITE_XNNPACK_DELEGATE_FLAG_VARIABLE_OPERATORS = 0x00000010,
  TFLITE_XNNPACK_DELEGATE_FLAG_TRANSIENT_INDIRECTION_BUFFER = 0x00000020,
  TFLITE_XNNPACK_DELEGATE_FLAG_ENABLE_LATEST_OPERATORS = 0x00000040,
  TFLITE_XNNPACK_DELEGATE_FLAG_ENABLE_SUBGRAPH_RESHAPING = 0x00000080,
};

typedef struct TfLiteXNNPackDelegateWeightsCache
    TfLiteXNNPackDelegateWeightsCache;

typedef struct TfLiteXNNPackDelegateOptions {
  int32_t num_threads;
  uint32_t flags;
  TfLiteXNNPackDelegateWeightsCache* weights_cache;
  char others[112];
} TfLiteXNNPackDelegateOptions;

TfLiteXNNPackDelegateOptions TfLiteXNNPackDelegateOptionsDefault(void);
TfLiteDelegate* TfLiteXNNPackDelegateCreate(
    const TfLiteXNNPackDelegateOptions* options);
void TfLiteXNNPackDelegateDelete(TfLiteDelegate* delegate);
int TfLiteXNNPackDelegateGetFlags(TfLiteDelegate* delegate);

TfLiteXNNPackDelegateWeightsCache* TfLiteXNNPackDelegateWeightsCacheCreate(
    void);
TfLiteXNNPackDelegateWeightsCache*
TfLiteXNNPackDelegateWeightsCacheCreateWithSize(size_t size);
bool TfLiteXNNPackDelegateWeightsCacheFinalizeSoft(
    TfLiteXNNPackDelegateWeightsCache*);
bool TfLiteXNNPackDelegateWeightsCacheFinalizeHard(
    TfLiteXNNPackDelegateWeightsCache*);
void TfLiteXNNPackDelegateWeightsCacheDelete(
    TfLiteXNNPackDelegateWeightsCache*);

#endif /* GOCORAL_BENCH_XNNPACK_DELEGATE_H_ */
