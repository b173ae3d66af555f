#include "shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <malloc.h>
#endif

#include "structures.h"

/* --- the runtime's structures ------------------------------------------------------
 *
 * Of a runtime whose version is not known none is read or written: there its own
 * functions have to do. */

static bool structures_known;

void coral_structures_known(bool yes) { structures_known = yes; }

/* --- error reporter ---------------------------------------------------------- */

enum { REPORT_SIZE = 2048 };

struct coral_reporter {
  char lock; /* worker threads of the runtime may report at the same time */
  size_t length;
  char text[REPORT_SIZE];
};

coral_reporter* coral_reporter_new(void) {
  return calloc(1, sizeof(coral_reporter));
}

void coral_reporter_free(coral_reporter* r) { free(r); }

static void acquire(coral_reporter* r) {
  while (__atomic_test_and_set(&r->lock, __ATOMIC_ACQUIRE)) {
  }
}

static void release(coral_reporter* r) {
  __atomic_clear(&r->lock, __ATOMIC_RELEASE);
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 0)))
#endif
static void report(void* user_data, const char* format, va_list args) {
  coral_reporter* r = user_data;
  acquire(r);
  if (r->length > 0 && r->length + 3 < REPORT_SIZE) {
    memcpy(r->text + r->length, "; ", 2);
    r->length += 2;
  }
  size_t room = REPORT_SIZE - r->length;
  int n = vsnprintf(r->text + r->length, room, format, args);
  if (n > 0) r->length += (size_t)n < room ? (size_t)n : room - 1;
  release(r);
}

size_t coral_reporter_take(coral_reporter* r, char* buf, size_t size) {
  acquire(r);
  size_t n = r->length < size ? r->length : size - 1;
  memcpy(buf, r->text, n);
  buf[n] = '\0';
  r->length = 0;
  release(r);
  return n;
}

/* --- memory -------------------------------------------------------------------- */

enum { ALIGNMENT = 64 };

void* coral_alloc(size_t bytes) {
  size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  if (rounded < bytes) return NULL;
  if (rounded == 0) rounded = ALIGNMENT;
#if defined(_WIN32)
  return _aligned_malloc(rounded, ALIGNMENT);
#else
  void* p = NULL;
  return posix_memalign(&p, ALIGNMENT, rounded) == 0 ? p : NULL;
#endif
}

void coral_free(void* p) {
#if defined(_WIN32)
  _aligned_free(p);
#else
  free(p);
#endif
}

/* --- model and interpreter ------------------------------------------------------ */

TfLiteModel* coral_model_create(const void* data, size_t size,
                                coral_reporter* r) {
  TfLiteModelCreateWithErrorReporter_fn create =
      find_TfLiteModelCreateWithErrorReporter();
  if (create != NULL) return create(data, size, report, r);
  return TfLiteModelCreate(data, size);
}

void coral_options_set_reporter(TfLiteInterpreterOptions* options,
                                coral_reporter* r) {
  TfLiteInterpreterOptionsSetErrorReporter(options, report, r);
}

bool coral_options_enable_cancellation(TfLiteInterpreterOptions* options) {
  TfLiteInterpreterOptionsEnableCancellation_fn enable =
      find_TfLiteInterpreterOptionsEnableCancellation();
  return enable != NULL && find_TfLiteInterpreterCancel() != NULL &&
         enable(options, true) == kTfLiteOk;
}

void coral_interpreter_cancel(TfLiteInterpreter* interpreter) {
  TfLiteInterpreterCancel_fn cancel = find_TfLiteInterpreterCancel();
  if (cancel != NULL) cancel(interpreter);
}

/* Larger than any runtime's TfLiteRegistration. */
enum { REGISTRATION_SIZE = 256 };

void* coral_options_add_custom_op(TfLiteInterpreterOptions* options,
                                  const char* name, int32_t min_version,
                                  int32_t max_version, void* init,
                                  void* free_op, void* prepare, void* invoke) {
  if (!structures_known) return NULL;
  size_t name_size = strlen(name) + 1;
  char* block = coral_alloc(REGISTRATION_SIZE + name_size);
  if (block == NULL) return NULL;
  memset(block, 0, REGISTRATION_SIZE);
  memcpy(block + REGISTRATION_SIZE, name, name_size);
  TfLiteRegistration* r = (TfLiteRegistration*)block;
  r->init = init;
  r->free = free_op;
  r->prepare = prepare;
  r->invoke = invoke;
  r->builtin_code = CORAL_CUSTOM;
  r->custom_name = block + REGISTRATION_SIZE;
  TfLiteInterpreterOptionsAddCustomOp(options, r->custom_name, r, min_version,
                                      max_version);
  return block;
}

TfLiteStatus coral_placeholder_prepare(TfLiteContext* context, void* n) {
  (void)context;
  (void)n;
  return kTfLiteOk;
}

TfLiteStatus coral_placeholder_invoke(TfLiteContext* context, void* n) {
  (void)n;
  context->ReportError(context, "this operator runs on another device only");
  return kTfLiteError;
}

/* --- graph inspection --------------------------------------------------------------- */

/* A tensor that an operator writes. */
typedef struct {
  const TfLiteContext* graph;
  int index;
} written_tensor;

struct coral_inspector {
  TfLiteDelegate delegate;
  coral_graph_report report;
  written_tensor* written;
  size_t written_count;
};

static int index_of(const coral_graph_report* r, const void* delegate) {
  for (int i = 0; i < r->delegate_count; i++) {
    if (r->delegates[i] == delegate) return i;
  }
  return -1;
}

static void remember_outputs(coral_inspector* inspector,
                             const TfLiteContext* context, const node* n) {
  if (n->outputs == NULL || n->outputs->size <= 0) return;
  size_t count = inspector->written_count;
  written_tensor* grown =
      realloc(inspector->written,
              (count + (size_t)n->outputs->size) * sizeof(written_tensor));
  if (grown == NULL) return;
  inspector->written = grown;
  for (int i = 0; i < n->outputs->size; i++) {
    grown[count++] = (written_tensor){context, n->outputs->data[i]};
  }
  inspector->written_count = count;
}

static TfLiteStatus inspect(TfLiteContext* context, TfLiteDelegate* delegate) {
  coral_inspector* inspector = delegate->data;
  coral_graph_report* r = &inspector->report;
  int_array* plan = NULL;
  if (context->GetExecutionPlan(context, &plan) != kTfLiteOk) return kTfLiteOk;
  for (int i = 0; i < plan->size; i++) {
    node* n = NULL;
    TfLiteRegistration* registration = NULL;
    if (context->GetNodeAndRegistration(context, plan->data[i], &n,
                                        &registration) != kTfLiteOk) {
      continue;
    }
    remember_outputs(inspector, context, n);
    int owner = n->delegate ? index_of(r, n->delegate) : -1;
    if (owner < 0) {
      r->builtin++;
      continue;
    }
    const delegate_params* params = n->builtin_data;
    bool readable = registration->builtin_code == CORAL_DELEGATE && params &&
                    params->delegate == n->delegate && params->nodes_to_replace;
    r->taken[owner] += readable ? params->nodes_to_replace->size : 1;
    r->kernels[owner]++;
  }
  return kTfLiteOk;
}

coral_inspector* coral_inspector_new(void) {
  coral_inspector* inspector = calloc(1, sizeof(coral_inspector));
  if (inspector == NULL) return NULL;
  inspector->delegate.data = inspector;
  inspector->delegate.Prepare = inspect;
  /* Without this flag the runtime would refuse graphs with dynamic tensors. */
  inspector->delegate.flags = CORAL_ALLOW_DYNAMIC_TENSORS;
  return inspector;
}

void coral_inspector_watch(coral_inspector* inspector, const void* delegate) {
  coral_graph_report* r = &inspector->report;
  if (r->delegate_count < CORAL_MAX_DELEGATES) {
    r->delegates[r->delegate_count++] = delegate;
  }
}

TfLiteDelegate* coral_inspector_delegate(coral_inspector* inspector) {
  return &inspector->delegate;
}

coral_graph_report coral_inspector_report(const coral_inspector* inspector) {
  return inspector->report;
}

static bool known_layout(const coral_inspector* inspector,
                         const TfLiteTensor* known, int32_t index) {
  for (size_t i = 0; i < inspector->written_count; i++) {
    if (inspector->written[i].graph->tensors + index == known) return true;
  }
  return false;
}

static bool is_empty(const TfLiteTensor* t) {
  return t->bytes == 0 && t->allocation_type != CORAL_DYNAMIC &&
         (t->type == kTfLiteFloat32 || t->type == kTfLiteInt8 ||
          t->type == kTfLiteUInt8);
}

bool coral_inspector_empty(const coral_inspector* inspector,
                           const TfLiteTensor* known, int32_t index) {
  if (!known_layout(inspector, known, index)) return false;
  for (size_t i = 0; i < inspector->written_count; i++) {
    written_tensor w = inspector->written[i];
    if (w.index < 0 || (size_t)w.index >= w.graph->tensors_size) continue;
    if (is_empty(&w.graph->tensors[w.index])) return true;
  }
  return false;
}

void coral_inspector_free(coral_inspector* inspector) {
  free(inspector->written);
  free(inspector);
}

/* --- tensors --------------------------------------------------------------------------- */

/* Whether our declaration of TfLiteTensor is this runtime's: fields that the C
 * API also tells must be where we think they are. */
static bool layout_known(const TfLiteTensor* t) {
  return structures_known && t->bytes == TfLiteTensorByteSize(t) &&
         t->name == TfLiteTensorName(t) && t->data == TfLiteTensorData(t);
}

static int32_t allocation_of(const TfLiteTensor* t) {
  if (layout_known(t)) return t->allocation_type;
  TfLiteOpaqueTensorGetAllocationType_fn ask =
      find_TfLiteOpaqueTensorGetAllocationType();
  return ask ? ask(t) : 0;
}

coral_view coral_view_of(const TfLiteTensor* t) {
  if (t == NULL) return (coral_view){NULL, 0, -1, 0};
  return (coral_view){TfLiteTensorData(t), TfLiteTensorByteSize(t),
                      (int32_t)TfLiteTensorType(t), allocation_of(t)};
}

coral_view coral_input_view(const TfLiteInterpreter* i, int32_t index) {
  return coral_view_of(TfLiteInterpreterGetInputTensor(i, index));
}

coral_view coral_output_view(const TfLiteInterpreter* i, int32_t index) {
  return coral_view_of(TfLiteInterpreterGetOutputTensor(i, index));
}

/* What a runtime tells of a tensor whose structure is not known. */
static void told_by_runtime(const TfLiteTensor* t, coral_tensor_info* info) {
  info->unknown_structure = true;
  TfLiteTensorQuantizationParams_fn params = find_TfLiteTensorQuantizationParams();
  if (params != NULL) {
    coral_quantization q = params(t);
    info->scale = q.scale;
    info->zero_point = q.zero_point;
  }
}

int32_t coral_signature_rank(const TfLiteTensor* t) {
  if (layout_known(t)) {
    return t->dims_signature != NULL ? t->dims_signature->size : 0;
  }
  TfLiteOpaqueTensorGetNumDimsSignature_fn ask =
      find_TfLiteOpaqueTensorGetNumDimsSignature();
  int32_t rank = 0;
  if (find_TfLiteOpaqueTensorGetDimSignature() == NULL || ask == NULL ||
      ask(t, &rank) != kTfLiteOk) {
    return 0;
  }
  return rank > 0 ? rank : 0;
}

int32_t coral_signature_dim(const TfLiteTensor* t, int32_t index) {
  if (layout_known(t)) return t->dims_signature->data[index];
  int32_t dim = -1;
  find_TfLiteOpaqueTensorGetDimSignature()(t, index, &dim);
  return dim;
}

coral_tensor_info coral_tensor_info_of(const TfLiteTensor* t) {
  coral_tensor_info info = {0};
  info.name = TfLiteTensorName(t);
  if (!layout_known(t)) {
    told_by_runtime(t, &info);
    return info;
  }
  info.scale = t->params.scale;
  info.zero_point = t->params.zero_point;
  const affine_quantization* q = t->quantization.params;
  if (t->quantization.type != CORAL_AFFINE || q == NULL || q->scale == NULL ||
      q->scale->size == 0 || q->zero_point == NULL ||
      (q->zero_point->size != q->scale->size && q->zero_point->size != 1)) {
    return info;
  }
  info.scale = q->scale->data[0];
  info.zero_point = q->zero_point->data[0];
  if (q->scale->size > 1) {
    info.scales = q->scale->data;
    info.zero_points = q->zero_point->data;
    info.channels = q->scale->size;
    info.zero_point_count = q->zero_point->size;
    info.dimension = q->quantized_dimension;
  }
  return info;
}

bool coral_set_packed_strings(TfLiteTensor* t, const void* packed, size_t n) {
  TfLiteTensorRealloc_fn resize = find_TfLiteTensorRealloc();
  if (resize == NULL || allocation_of(t) != CORAL_DYNAMIC) return false;
  resize(n, t); /* which tells no failure */
  void* data = TfLiteTensorData(t);
  if (data == NULL || TfLiteTensorByteSize(t) != n) return false;
  memcpy(data, packed, n);
  return true;
}

bool coral_copy_content(TfLiteTensor* to, const TfLiteTensor* from) {
  coral_view source = coral_view_of(from), target = coral_view_of(to);
  if (source.type != target.type) return false;
  if (source.type == kTfLiteString && target.allocation == CORAL_DYNAMIC) {
    return source.data != NULL &&
           coral_set_packed_strings(to, source.data, source.bytes);
  }
  if (target.allocation == CORAL_MMAP_RO) return true;
  if (source.bytes != target.bytes) return false;
  if (source.bytes == 0) return true;
  if (source.data == NULL || target.data == NULL) return false;
  memcpy(target.data, source.data, source.bytes);
  return true;
}

/* --- signatures -------------------------------------------------------------------------- */

bool coral_has_signatures(void) {
  return find_TfLiteInterpreterGetSignatureRunner() != NULL &&
         find_TfLiteInterpreterGetSignatureCount() != NULL &&
         find_TfLiteSignatureRunnerAllocateTensors() != NULL &&
         find_TfLiteSignatureRunnerDelete() != NULL;
}

int32_t coral_signature_count(const TfLiteInterpreter* i) {
  TfLiteInterpreterGetSignatureCount_fn f =
      find_TfLiteInterpreterGetSignatureCount();
  return f ? f(i) : 0;
}

const char* coral_signature_key(const TfLiteInterpreter* i, int32_t index) {
  TfLiteInterpreterGetSignatureKey_fn f =
      find_TfLiteInterpreterGetSignatureKey();
  return f ? f(i, index) : NULL;
}

TfLiteSignatureRunner* coral_signature_runner(const TfLiteInterpreter* i,
                                              const char* key) {
  TfLiteInterpreterGetSignatureRunner_fn f =
      find_TfLiteInterpreterGetSignatureRunner();
  return f ? f(i, key) : NULL;
}

void coral_runner_delete(TfLiteSignatureRunner* r) {
  TfLiteSignatureRunnerDelete_fn f = find_TfLiteSignatureRunnerDelete();
  if (f) f(r);
}

int32_t coral_runner_count(const TfLiteSignatureRunner* r, bool output) {
  TfLiteSignatureRunnerGetInputCount_fn f =
      output ? find_TfLiteSignatureRunnerGetOutputCount()
             : find_TfLiteSignatureRunnerGetInputCount();
  return f ? (int32_t)f(r) : 0;
}

const char* coral_runner_name(const TfLiteSignatureRunner* r, bool output,
                              int32_t index) {
  TfLiteSignatureRunnerGetInputName_fn f =
      output ? find_TfLiteSignatureRunnerGetOutputName()
             : find_TfLiteSignatureRunnerGetInputName();
  return f ? f(r, index) : NULL;
}

TfLiteTensor* coral_runner_tensor(TfLiteSignatureRunner* r, bool output,
                                  const char* name) {
  if (output) {
    TfLiteSignatureRunnerGetOutputTensor_fn f =
        find_TfLiteSignatureRunnerGetOutputTensor();
    return f ? (TfLiteTensor*)f(r, name) : NULL;
  }
  TfLiteSignatureRunnerGetInputTensor_fn f =
      find_TfLiteSignatureRunnerGetInputTensor();
  return f ? f(r, name) : NULL;
}

TfLiteStatus coral_runner_resize(TfLiteSignatureRunner* r, const char* name,
                                 const int* dims, int32_t rank) {
  TfLiteSignatureRunnerResizeInputTensor_fn f =
      find_TfLiteSignatureRunnerResizeInputTensor();
  return f ? f(r, name, dims, rank) : kTfLiteError;
}

TfLiteStatus coral_runner_allocate(TfLiteSignatureRunner* r) {
  TfLiteSignatureRunnerAllocateTensors_fn f =
      find_TfLiteSignatureRunnerAllocateTensors();
  return f ? f(r) : kTfLiteError;
}

TfLiteStatus coral_runner_invoke(TfLiteSignatureRunner* r) {
  TfLiteSignatureRunnerInvoke_fn f = find_TfLiteSignatureRunnerInvoke();
  return f ? f(r) : kTfLiteError;
}

void coral_runner_cancel(TfLiteSignatureRunner* r) {
  TfLiteSignatureRunnerCancel_fn f = find_TfLiteSignatureRunnerCancel();
  if (f) f(r);
}

/* --- XNNPACK -------------------------------------------------------------------------------- */

bool coral_has_xnnpack(void) {
  return find_TfLiteXNNPackDelegateCreate() != NULL &&
         find_TfLiteXNNPackDelegateDelete() != NULL;
}

TfLiteDelegate* coral_xnnpack_create(int32_t layout, int32_t threads,
                                     uint32_t flags) {
  if (!coral_has_xnnpack()) return NULL;
  /* Larger than any version's structure; the fields behind the flags (weights
   * cache, file path, switches) are off when zero, but for 2.20's file
   * descriptor, whose "none" is -1. */
  uint32_t options[64] = {0};
  options[0] = (uint32_t)threads;
  switch (layout) {
    case CORAL_XNNPACK_V1:
      options[1] = flags;
      break;
    case CORAL_XNNPACK_V2:
      options[2] = flags;
      options[0x28 / sizeof(uint32_t)] = UINT32_MAX;
      break;
    default:
      return find_TfLiteXNNPackDelegateCreate()(NULL);
  }
  return find_TfLiteXNNPackDelegateCreate()(options);
}

void coral_xnnpack_delete(TfLiteDelegate* delegate) {
  if (coral_has_xnnpack()) find_TfLiteXNNPackDelegateDelete()(delegate);
}
