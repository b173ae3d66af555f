/* The functions that not every runtime has, as an X-macro list:
 *
 *   OPTIONAL(return type, name, (parameters))
 *
 * shim.c turns each into a pointer that is NULL where the runtime lacks the
 * function. No Go file may name one of these: a C function taken as a value in
 * Go makes the reference strong, and the program then refuses to start on an
 * older runtime (scripts/invariants checks it). */

/* since 2.12 or so; absent from 2.9.0 */
OPTIONAL(TfLiteModel*, TfLiteModelCreateWithErrorReporter,
         (const void*, size_t, void (*)(void*, const char*, va_list), void*))
OPTIONAL(TfLiteStatus, TfLiteInterpreterOptionsEnableCancellation,
         (TfLiteInterpreterOptions*, bool))
OPTIONAL(TfLiteStatus, TfLiteInterpreterCancel, (const TfLiteInterpreter*))
OPTIONAL(int32_t, TfLiteInterpreterGetSignatureCount,
         (const TfLiteInterpreter*))
OPTIONAL(const char*, TfLiteInterpreterGetSignatureKey,
         (const TfLiteInterpreter*, int32_t))
OPTIONAL(TfLiteSignatureRunner*, TfLiteInterpreterGetSignatureRunner,
         (const TfLiteInterpreter*, const char*))
OPTIONAL(size_t, TfLiteSignatureRunnerGetInputCount,
         (const TfLiteSignatureRunner*))
OPTIONAL(const char*, TfLiteSignatureRunnerGetInputName,
         (const TfLiteSignatureRunner*, int32_t))
OPTIONAL(TfLiteTensor*, TfLiteSignatureRunnerGetInputTensor,
         (TfLiteSignatureRunner*, const char*))
OPTIONAL(size_t, TfLiteSignatureRunnerGetOutputCount,
         (const TfLiteSignatureRunner*))
OPTIONAL(const char*, TfLiteSignatureRunnerGetOutputName,
         (const TfLiteSignatureRunner*, int32_t))
OPTIONAL(const TfLiteTensor*, TfLiteSignatureRunnerGetOutputTensor,
         (const TfLiteSignatureRunner*, const char*))
OPTIONAL(TfLiteStatus, TfLiteSignatureRunnerResizeInputTensor,
         (TfLiteSignatureRunner*, const char*, const int*, int32_t))
OPTIONAL(TfLiteStatus, TfLiteSignatureRunnerAllocateTensors,
         (TfLiteSignatureRunner*))
OPTIONAL(TfLiteStatus, TfLiteSignatureRunnerInvoke, (TfLiteSignatureRunner*))
OPTIONAL(TfLiteStatus, TfLiteSignatureRunnerCancel, (TfLiteSignatureRunner*))
OPTIONAL(void, TfLiteSignatureRunnerDelete, (TfLiteSignatureRunner*))

/* absent from the Windows build of 2.17.1 */
OPTIONAL(void, TfLiteTensorRealloc, (size_t, TfLiteTensor*))

/* absent from the armv7 build of 2.17.1 */
OPTIONAL(TfLiteDelegate*, TfLiteXNNPackDelegateCreate, (const void*))
OPTIONAL(void, TfLiteXNNPackDelegateDelete, (TfLiteDelegate*))
