#define _GNU_SOURCE
#include "selfcheck.h"

#include <stdio.h>
#include <string.h>

#include "shim.h"
#include "structures.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#endif

/* --- the findings --------------------------------------------------------------------- */

/* A check in progress. The functions of the operator get no pointer of ours; but there
 * is one check at a time (capi.SelfCheck). */
static struct {
  char* text;
  size_t room;
  TfLiteContext* context;
  bool looked, prepared;
  int from, to; /* the ends of a pipe, see readable */
} check;

static void expect(bool holds, const char* what) {
  if (holds) return;
  size_t used = strlen(check.text);
  snprintf(check.text + used, check.room - used, "%s%s", used > 0 ? "; " : "",
           what);
}

/* --- pointers that may lead anywhere ---------------------------------------------- */

enum { LARGEST = 256 }; /* of what is read through such a pointer */

#if defined(_WIN32)

static int open_pipe(void) { return 0; }
static void close_pipe(void) {}

/* Whether all bytes of an object can be read. */
static bool readable(const void* p, size_t size) {
  MEMORY_BASIC_INFORMATION info;
  const DWORD unreadable = PAGE_NOACCESS | PAGE_GUARD | PAGE_EXECUTE;
  return VirtualQuery(p, &info, sizeof info) != 0 && info.State == MEM_COMMIT &&
         !(info.Protect & unreadable) &&
         (const char*)info.BaseAddress + info.RegionSize >=
             (const char*)p + size;
}

#else

static int open_pipe(void) {
  int ends[2];
#if defined(__linux__)
  if (pipe2(ends, O_CLOEXEC) != 0) return errno;
#else
  if (pipe(ends) != 0) return errno;
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
#endif
  check.from = ends[0];
  check.to = ends[1];
  return 0;
}

static void close_pipe(void) {
  close(check.from);
  close(check.to);
}

/* Whether all bytes of an object can be read: the kernel says so when it is to write
 * them into a pipe, where a program that tries itself is ended. */
static bool readable(const void* p, size_t size) {
  char bytes[LARGEST];
  if (size > sizeof bytes) return false;
  ssize_t n = write(check.to, p, size);
  return n > 0 && read(check.from, bytes, (size_t)n) == n && (size_t)n == size;
}

#endif

/* Whether a function is in the same library as TfLiteVersion. */
static bool in_library(void* function) {
#if defined(_WIN32)
  HMODULE theirs = NULL, library = NULL;
  const DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                      GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  return GetModuleHandleExA(flags, (LPCSTR)function, &theirs) &&
         GetModuleHandleExA(flags, (LPCSTR)coral_table[CORAL_TfLiteVersion],
                            &library) &&
         theirs == library;
#else
  Dl_info theirs, library;
  return function != NULL && dladdr(function, &theirs) != 0 &&
         dladdr(coral_table[CORAL_TfLiteVersion], &library) != 0 &&
         theirs.dli_fbase == library.dli_fbase;
#endif
}

static bool is_ints(const int_array* a, int size, const int* data) {
  size_t bytes = (size_t)size * sizeof(int);
  return readable(a, sizeof *a) && a->size == size &&
         readable(a->data, bytes) && memcmp(a->data, data, bytes) == 0;
}

static bool is_floats(const float_array* a, int size, const float* data) {
  size_t bytes = (size_t)size * sizeof(float);
  return readable(a, sizeof *a) && a->size == size &&
         readable(a->data, bytes) && memcmp(a->data, data, bytes) == 0;
}

static bool is_bytes(const void* p, size_t size, const void* data) {
  return readable(p, size) && memcmp(p, data, size) == 0;
}

/* --- the operator -------------------------------------------------------------------- */

static void look_at_node(const node* n) {
  const int input = 0, output = 1;
  expect(is_ints(n->inputs, 1, &input), "TfLiteNode.inputs");
  expect(is_ints(n->outputs, 1, &output), "TfLiteNode.outputs");
  expect(n->builtin_data == NULL, "TfLiteNode.builtin_data");
  expect(n->custom_initial_data_size == sizeof CORAL_SELFCHECK_OPTIONS - 1,
         "TfLiteNode.custom_initial_data_size");
  expect(is_bytes(n->custom_initial_data, sizeof CORAL_SELFCHECK_OPTIONS - 1,
                  CORAL_SELFCHECK_OPTIONS),
         "TfLiteNode.custom_initial_data");
  expect(n->delegate == NULL, "TfLiteNode.delegate");
}

static TfLiteStatus prepare(TfLiteContext* context, void* n) {
  check.prepared = true;
  expect(context == check.context, "the TfLiteContext of an operator");
  look_at_node(n);
  return kTfLiteOk;
}

static TfLiteStatus invoke(TfLiteContext* context, void* n) {
  (void)context;
  (void)n;
  return kTfLiteOk;
}

/* --- the delegate, which only looks ----------------------------------------------------- */

static void look_at_registration(const TfLiteRegistration* r) {
  expect(r->prepare == (void*)prepare, "TfLiteRegistration.prepare");
  expect(r->invoke == (void*)invoke, "TfLiteRegistration.invoke");
  expect(r->builtin_code == CORAL_CUSTOM, "TfLiteRegistration.builtin_code");
  expect(is_bytes(r->custom_name, sizeof CORAL_SELFCHECK_OPERATOR,
                  CORAL_SELFCHECK_OPERATOR),
         "TfLiteRegistration.custom_name");
  expect(r->version == 1, "TfLiteRegistration.version");
}

/* Calls functions of the context, which must be the ones that they are taken for. */
static void look_at_plan(TfLiteContext* context) {
  const int first = 0;
  int_array* plan = NULL;
  expect(context->GetExecutionPlan(context, &plan) == kTfLiteOk &&
             is_ints(plan, 1, &first),
         "the execution plan");
  node* n = NULL;
  TfLiteRegistration* r = NULL;
  expect(context->GetNodeAndRegistration(context, 0, &n, &r) == kTfLiteOk,
         "the first node");
  bool there = readable(n, sizeof *n) && readable(r, sizeof *r);
  expect(there, "TfLiteNode and TfLiteRegistration");
  if (!there) return;
  look_at_node(n);
  look_at_registration(r);
}

static TfLiteStatus look(TfLiteContext* context, TfLiteDelegate* delegate) {
  check.looked = true;
  check.context = context;
  expect(delegate->data == &check, "TfLiteDelegate.data");
  expect(context->tensors_size >= 2, "TfLiteContext.tensors_size");
  expect(in_library((void*)context->GetExecutionPlan),
         "TfLiteContext.GetExecutionPlan");
  expect(in_library((void*)context->ReportError), "TfLiteContext.ReportError");
  expect(in_library((void*)context->GetNodeAndRegistration),
         "TfLiteContext.GetNodeAndRegistration");
  if (check.text[0] == '\0') look_at_plan(context);
  return kTfLiteOk;
}

/* --- tensors ------------------------------------------------------------------------------- */

static void look_at_quantization(const TfLiteTensor* t) {
  const float scales[] = {0.5F, 0.25F};
  const int zero_points[] = {0, 0};
  expect(t->quantization.type == CORAL_AFFINE, "TfLiteTensor.quantization.type");
  const affine_quantization* q = t->quantization.params;
  bool there = readable(q, sizeof *q);
  expect(there, "TfLiteTensor.quantization.params");
  if (!there) return;
  expect(is_floats(q->scale, 2, scales), "TfLiteAffineQuantization.scale");
  /* 2.20 folds equal ones. */
  expect(is_ints(q->zero_point, 2, zero_points) ||
             is_ints(q->zero_point, 1, zero_points),
         "TfLiteAffineQuantization.zero_point");
  expect(q->quantized_dimension == 1,
         "TfLiteAffineQuantization.quantized_dimension");
}

static void look_at_tensor(const TfLiteTensor* t) {
  const int shape[] = {1, 2}, signature[] = {-1, 2};
  enum { ARENA_RW = 2 }; /* of TfLiteAllocationType */
  expect(t->type == TfLiteTensorType(t), "TfLiteTensor.type");
  expect(t->data == TfLiteTensorData(t), "TfLiteTensor.data");
  expect(t->bytes == TfLiteTensorByteSize(t), "TfLiteTensor.bytes");
  expect(t->name == TfLiteTensorName(t), "TfLiteTensor.name");
  expect(t->allocation_type == ARENA_RW, "TfLiteTensor.allocation_type");
  expect(is_ints(t->dims, 2, shape), "TfLiteTensor.dims");
  expect(is_ints(t->dims_signature, 2, signature),
         "TfLiteTensor.dims_signature");
  look_at_quantization(t);
}

static void look_at_interpreter(TfLiteInterpreter* interpreter) {
  expect(check.looked, "a delegate is not prepared");
  if (TfLiteInterpreterAllocateTensors(interpreter) != kTfLiteOk ||
      TfLiteInterpreterGetInputTensorCount(interpreter) != 1) {
    expect(false, "an interpreter does not allocate its tensors");
    return;
  }
  expect(check.prepared, "an operator is not prepared");
  TfLiteTensor* input = TfLiteInterpreterGetInputTensor(interpreter, 0);
  if (check.looked) {
    expect(input == check.context->tensors, "TfLiteContext.tensors");
  }
  look_at_tensor(input);
}

/* --- all of it ------------------------------------------------------------------------------- */

int coral_selfcheck(const void* bytes, size_t size, char* text, size_t room) {
  text[0] = '\0';
  memset(&check, 0, sizeof check);
  check.text = text;
  check.room = room;
  int error = open_pipe();
  if (error != 0) return error;
  TfLiteDelegate delegate = {.data = &check,
                             .Prepare = look,
                             .flags = CORAL_ALLOW_DYNAMIC_TENSORS};
  coral_reporter* reporter = coral_reporter_new(); /* which keeps it quiet */
  TfLiteModel* model = coral_model_create(bytes, size, reporter);
  TfLiteInterpreterOptions* options = TfLiteInterpreterOptionsCreate();
  void* op = NULL;
  TfLiteInterpreter* interpreter = NULL;
  if (reporter != NULL && model != NULL && options != NULL) {
    coral_options_set_reporter(options, reporter);
    TfLiteInterpreterOptionsSetNumThreads(options, 1);
    op = coral_options_add_custom_op(options, CORAL_SELFCHECK_OPERATOR, 1, 1,
                                     NULL, NULL, (void*)prepare,
                                     (void*)invoke);
    TfLiteInterpreterOptionsAddDelegate(options, &delegate);
    interpreter = TfLiteInterpreterCreate(model, options);
  }
  if (interpreter != NULL) {
    look_at_interpreter(interpreter);
    TfLiteInterpreterDelete(interpreter);
  } else {
    expect(false, "no interpreter can be made");
  }
  if (options != NULL) TfLiteInterpreterOptionsDelete(options);
  if (op != NULL) coral_free(op);
  if (model != NULL) TfLiteModelDelete(model);
  if (reporter != NULL) coral_reporter_free(reporter);
  close_pipe();
  return 0;
}
