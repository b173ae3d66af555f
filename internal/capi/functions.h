/* The functions of TensorFlow Lite's C API that this module calls, as an X-macro list:
 *
 *   REQUIRED(return type, name, (parameters), (arguments))   all runtimes have
 *   OPTIONAL(return type, name, (parameters))                some runtimes lack
 *
 * table.h makes of each required one a function that calls through the table, and of
 * each optional one a pointer that is NULL where the runtime lacks it. Go files may
 * call the former; the latter are the shim's (scripts/invariants checks it). */

REQUIRED(const char*, TfLiteVersion, (void), ())

REQUIRED(TfLiteModel*, TfLiteModelCreate, (const void* data, size_t size),
         (data, size))
REQUIRED(void, TfLiteModelDelete, (TfLiteModel * model), (model))

REQUIRED(TfLiteInterpreterOptions*, TfLiteInterpreterOptionsCreate, (void), ())
REQUIRED(void, TfLiteInterpreterOptionsDelete,
         (TfLiteInterpreterOptions * options), (options))
REQUIRED(void, TfLiteInterpreterOptionsSetNumThreads,
         (TfLiteInterpreterOptions * options, int32_t threads),
         (options, threads))
REQUIRED(void, TfLiteInterpreterOptionsAddDelegate,
         (TfLiteInterpreterOptions * options, TfLiteDelegate* delegate),
         (options, delegate))
REQUIRED(void, TfLiteInterpreterOptionsAddCustomOp,
         (TfLiteInterpreterOptions * options, const char* name,
          const TfLiteRegistration* registration, int32_t min_version,
          int32_t max_version),
         (options, name, registration, min_version, max_version))
REQUIRED(void, TfLiteInterpreterOptionsSetErrorReporter,
         (TfLiteInterpreterOptions * options,
          void (*reporter)(void*, const char*, va_list), void* user_data),
         (options, reporter, user_data))

REQUIRED(TfLiteInterpreter*, TfLiteInterpreterCreate,
         (const TfLiteModel* model, const TfLiteInterpreterOptions* options),
         (model, options))
REQUIRED(void, TfLiteInterpreterDelete, (TfLiteInterpreter * interpreter),
         (interpreter))
REQUIRED(int32_t, TfLiteInterpreterGetInputTensorCount,
         (const TfLiteInterpreter* interpreter), (interpreter))
REQUIRED(TfLiteTensor*, TfLiteInterpreterGetInputTensor,
         (const TfLiteInterpreter* interpreter, int32_t index),
         (interpreter, index))
REQUIRED(int32_t, TfLiteInterpreterGetOutputTensorCount,
         (const TfLiteInterpreter* interpreter), (interpreter))
REQUIRED(const TfLiteTensor*, TfLiteInterpreterGetOutputTensor,
         (const TfLiteInterpreter* interpreter, int32_t index),
         (interpreter, index))
REQUIRED(TfLiteStatus, TfLiteInterpreterResizeInputTensor,
         (TfLiteInterpreter * interpreter, int32_t index, const int* dims,
          int32_t rank),
         (interpreter, index, dims, rank))
REQUIRED(TfLiteStatus, TfLiteInterpreterAllocateTensors,
         (TfLiteInterpreter * interpreter), (interpreter))
REQUIRED(TfLiteStatus, TfLiteInterpreterInvoke,
         (TfLiteInterpreter * interpreter), (interpreter))
REQUIRED(TfLiteStatus, TfLiteInterpreterResetVariableTensors,
         (TfLiteInterpreter * interpreter), (interpreter))

REQUIRED(TfLiteType, TfLiteTensorType, (const TfLiteTensor* tensor), (tensor))
REQUIRED(int32_t, TfLiteTensorNumDims, (const TfLiteTensor* tensor), (tensor))
REQUIRED(int32_t, TfLiteTensorDim, (const TfLiteTensor* tensor, int32_t index),
         (tensor, index))
REQUIRED(size_t, TfLiteTensorByteSize, (const TfLiteTensor* tensor), (tensor))
REQUIRED(void*, TfLiteTensorData, (const TfLiteTensor* tensor), (tensor))
REQUIRED(const char*, TfLiteTensorName, (const TfLiteTensor* tensor), (tensor))

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

/* absent from 2.9.0; what a runtime tells of its own structures, for those whose
 * structures are not known here */
OPTIONAL(int32_t, TfLiteOpaqueTensorGetAllocationType, (const TfLiteTensor*))
OPTIONAL(TfLiteStatus, TfLiteOpaqueTensorGetNumDimsSignature,
         (const TfLiteTensor*, int32_t*))
OPTIONAL(TfLiteStatus, TfLiteOpaqueTensorGetDimSignature,
         (const TfLiteTensor*, int32_t, int32_t*))
OPTIONAL(coral_quantization, TfLiteTensorQuantizationParams,
         (const TfLiteTensor*))

#undef REQUIRED
#undef OPTIONAL
