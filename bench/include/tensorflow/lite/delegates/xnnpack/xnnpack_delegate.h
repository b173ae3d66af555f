/* What go-tflite asks of tensorflow/lite/delegates/xnnpack/xnnpack_delegate.h.
 *
 * The runtime returns these options by value, and their size depends on its version:
 * 32 bytes in 2.17, 56 in 2.20. Structures of more than 16 bytes are returned through
 * the caller's memory, so a longer one than any of them is right for all. It would be
 * wrong for 2.9, whose 8 bytes come in a register. */
#ifndef GOCORAL_BENCH_XNNPACK_DELEGATE_H_
#define GOCORAL_BENCH_XNNPACK_DELEGATE_H_

#include "../../c/c_api.h"

typedef struct TfLiteXNNPackDelegateOptions {
  int32_t num_threads;
  char others[124];
} TfLiteXNNPackDelegateOptions;

TfLiteXNNPackDelegateOptions TfLiteXNNPackDelegateOptionsDefault(void);
TfLiteDelegate* TfLiteXNNPackDelegateCreate(
    const TfLiteXNNPackDelegateOptions* options);
void TfLiteXNNPackDelegateDelete(TfLiteDelegate* delegate);

#endif /* GOCORAL_BENCH_XNNPACK_DELEGATE_H_ */
