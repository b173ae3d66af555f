/* What Go cannot do by itself: call functions that may be absent, format a
 * va_list, look into the runtime's structures, and lay out structures whose
 * shape depends on the runtime's version. Plain C11, no C++. */
#ifndef GOCORAL_SHIM_H_
#define GOCORAL_SHIM_H_

#include "table.h"

/* --- the runtime's version --------------------------------------------- */

/* Says whether the structures of this runtime are those declared in structures.h. */
void coral_structures_known(bool);

/* --- error reporter ---------------------------------------------------- */

/* Collects what the runtime reports during one call, so that the error which Go
 * returns can carry it. It never calls into Go, which keeps hot calls free to be
 * marked nocallback. */
typedef struct coral_reporter coral_reporter;
coral_reporter* coral_reporter_new(void);
void coral_reporter_free(coral_reporter*);
/* Copies the collected text, messages joined by "; ", into buf (NUL ended) and
 * clears it. Returns the text's length. */
size_t coral_reporter_take(coral_reporter*, char* buf, size_t size);

/* --- memory ------------------------------------------------------------- */

/* 64 byte aligned memory for model bytes: TFLite reads weights in place, and
 * vector kernels want them aligned. NULL when there is none left. */
void* coral_alloc(size_t bytes);
void coral_free(void*);

/* --- model and interpreter ------------------------------------------------ */

TfLiteModel* coral_model_create(const void* data, size_t size, coral_reporter*);
void coral_options_set_reporter(TfLiteInterpreterOptions*, coral_reporter*);
/* Returns false where the runtime cannot cancel. */
bool coral_options_enable_cancellation(TfLiteInterpreterOptions*);
void coral_interpreter_cancel(TfLiteInterpreter*);

/* Adds a custom operator. The runtime reads its own TfLiteRegistration, which
 * grew from 64 to 88 bytes over the years, so the buffer made here is larger
 * than any and zeroed. It belongs to the caller, who frees it with coral_free
 * after the interpreter. */
void* coral_options_add_custom_op(TfLiteInterpreterOptions*, const char* name,
                                  int32_t min_version, int32_t max_version,
                                  void* init, void* free, void* prepare,
                                  void* invoke);

/* The two functions of an operator that can be prepared, since its outputs have the
 * shapes that the model gives them, but not run. */
TfLiteStatus coral_placeholder_prepare(TfLiteContext*, void* node);
TfLiteStatus coral_placeholder_invoke(TfLiteContext*, void* node);

/* --- graph inspection ------------------------------------------------------ */

enum { CORAL_MAX_DELEGATES = 8 };

/* How many operators of the model each delegate took. Filled by a delegate that
 * takes none itself, only looks; it must be the last one added. */
typedef struct {
  const void* delegates[CORAL_MAX_DELEGATES]; /* in: the ones to look for */
  int32_t delegate_count;                     /* in */
  int32_t taken[CORAL_MAX_DELEGATES];   /* operators replaced, per delegate */
  int32_t kernels[CORAL_MAX_DELEGATES]; /* partitions, per delegate */
  int32_t builtin;                      /* operators left to built-in kernels */
} coral_graph_report;

/* One block that holds the looking delegate and its report. */
typedef struct coral_inspector coral_inspector;
coral_inspector* coral_inspector_new(void);
void coral_inspector_watch(coral_inspector*, const void* delegate);
TfLiteDelegate* coral_inspector_delegate(coral_inspector*);
coral_graph_report coral_inspector_report(const coral_inspector*);
/* Whether an operator that the inspector saw writes a tensor without elements, once
 * the tensors are allocated. known is the tensor of the given number in the primary
 * graph: where it is not at the place that our declarations say, false. */
bool coral_inspector_empty(const coral_inspector*, const TfLiteTensor* known,
                           int32_t index);
void coral_inspector_free(coral_inspector*);

/* --- tensors ---------------------------------------------------------------- */

typedef struct {
  void* data;
  size_t bytes;
  int32_t type;        /* TfLiteType, or -1 when there is no such tensor */
  int32_t allocation;  /* TfLiteAllocationType, 0 when it cannot be known */
} coral_view;

enum { CORAL_MMAP_RO = 1, CORAL_DYNAMIC = 4 }; /* of TfLiteAllocationType */

coral_view coral_view_of(const TfLiteTensor*);
coral_view coral_input_view(const TfLiteInterpreter*, int32_t index);
coral_view coral_output_view(const TfLiteInterpreter*, int32_t index);

typedef struct {
  const char* name;
  bool unknown_structure; /* then what is per channel is not told */
  float scale;
  int32_t zero_point;
  const float* scales;   /* per channel, or NULL */
  const int* zero_points;
  int32_t channels;
  int32_t zero_point_count;  /* channels, or 1 for all: 2.20 folds equal ones */
  int32_t dimension;
} coral_tensor_info;
coral_tensor_info coral_tensor_info_of(const TfLiteTensor*);

/* The shape with -1 for free dimensions; rank 0 where the runtime keeps none. */
int32_t coral_signature_rank(const TfLiteTensor*);
int32_t coral_signature_dim(const TfLiteTensor*, int32_t index);

/* Replaces the content of a string tensor by n bytes in TFLite's packed form. */
bool coral_set_packed_strings(TfLiteTensor*, const void* packed, size_t n);

/* Copies what one tensor holds to another one of the same type and size. False where
 * that cannot be: other sizes, no memory. Constants of the model are left alone, which
 * is success. */
bool coral_copy_content(TfLiteTensor* to, const TfLiteTensor* from);

/* --- signatures: false, NULL or 0 where the runtime has none --------------- */

bool coral_has_signatures(void);
int32_t coral_signature_count(const TfLiteInterpreter*);
const char* coral_signature_key(const TfLiteInterpreter*, int32_t index);
TfLiteSignatureRunner* coral_signature_runner(const TfLiteInterpreter*,
                                              const char* key);
void coral_runner_delete(TfLiteSignatureRunner*);
int32_t coral_runner_count(const TfLiteSignatureRunner*, bool output);
const char* coral_runner_name(const TfLiteSignatureRunner*, bool output,
                              int32_t index);
TfLiteTensor* coral_runner_tensor(TfLiteSignatureRunner*, bool output,
                                  const char* name);
TfLiteStatus coral_runner_resize(TfLiteSignatureRunner*, const char* name,
                                 const int* dims, int32_t rank);
TfLiteStatus coral_runner_allocate(TfLiteSignatureRunner*);
TfLiteStatus coral_runner_invoke(TfLiteSignatureRunner*);
void coral_runner_cancel(TfLiteSignatureRunner*);

/* --- XNNPACK ----------------------------------------------------------------- */

/* The shapes that TfLiteXNNPackDelegateOptions has had. */
enum {
  CORAL_XNNPACK_DEFAULTS = 0, /* unknown version: pass NULL */
  CORAL_XNNPACK_V1 = 1,       /* {threads, flags, …}: up to 2.18 */
  CORAL_XNNPACK_V2 = 2,       /* {threads, runtime_flags, flags, … fd}: 2.20 */
};
bool coral_has_xnnpack(void);
TfLiteDelegate* coral_xnnpack_create(int32_t layout, int32_t threads,
                                     uint32_t flags);
void coral_xnnpack_delete(TfLiteDelegate*);

#endif /* GOCORAL_SHIM_H_ */
