/* A delegate plugin without an accelerator, for tests. It takes the first operator
 * of one builtin kind with two float32 inputs, and computes a + b + offset, so that
 * its results differ from the runtime's own.
 *
 * It declares TensorFlow Lite's structures itself, as of 2.17, or with -DOLD_ABI as
 * of 2.9 and before. The old build has dirt behind its structures on purpose: what a
 * newer runtime reads there is left to chance otherwise, and by chance it may work.
 *
 * Options, all optional:
 *   mode=ok            the default
 *   mode=fail_create   makes no delegate; reports why, and all options in order
 *   mode=fail_silently makes no delegate and reports nothing
 *   mode=fail_prepare  its Prepare reports an error and fails
 *   mode=claim_none    takes no operator
 *   mode=live          makes no delegate; reports how many objects are alive
 *   op=N               the builtin code to take; 0, ADD, by default
 *   offset=X           0.5 by default
 *   buffers=1          keeps results to itself until the runtime asks for them
 *   dynamic=1          allows dynamic tensors; otherwise a resized graph is prepared
 *                      anew
 *   warn=TEXT          reports the text and succeeds
 *   late=1             reports something when the delegate is destroyed
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* --- TensorFlow Lite's structures; node and context are shortened at the end ----- */

enum { OK = 0, ERROR = 1 };
enum { ALLOW_DYNAMIC_TENSORS = 1 };
enum { FLOAT32 = 1 };
enum { BUILTIN_ADD = 0, BUILTIN_DELEGATE = 51 };

typedef struct context context;
typedef struct delegate delegate;

typedef struct {
  int size;
  int data[];
} int_array;

typedef struct {
  int type;
  float* data;
  int_array* dims;
  struct {
    float scale;
    int32_t zero_point;
  } params;
  int allocation_type;
  size_t bytes;
  const void* allocation;
  const char* name;
  delegate* delegate;
  int buffer_handle;
  bool data_is_stale;
  bool is_variable;
  struct {
    int type;
    void* params;
  } quantization;
  void* sparsity;
  const int_array* dims_signature;
} tensor;

typedef struct {
  int_array* inputs;
  int_array* outputs;
  int_array* intermediates;
  int_array* temporaries;
  void* user_data;
} node;

typedef struct {
  void* (*init)(context*, const char* buffer, size_t length);
  void (*free)(context*, void* user_data);
  int (*prepare)(context*, node*);
  int (*invoke)(context*, node*);
  const char* (*profiling_string)(const context*, const node*);
  int32_t builtin_code;
  const char* custom_name;
  int version;
#if defined(OLD_ABI)
  /* The old structure ends here. Where it is passed on the stack or by address,
   * this is what comes behind it; elsewhere the dirt is left to chance. */
#if UINTPTR_MAX != UINT32_MAX
  uint64_t dirt[8];
#endif
#else
  void* registration_external;
  void* async_kernel;
  uint64_t inplace_operator;
#endif
} registration;

struct delegate {
  void* data;
  int (*prepare)(context*, delegate*);
  int (*copy_from_buffer)(context*, delegate*, int handle, tensor*);
  int (*copy_to_buffer)(context*, delegate*, int handle, tensor*);
  void (*free_buffer)(context*, delegate*, int* handle);
  int64_t flags;
#if defined(OLD_ABI)
  uint64_t dirt[4]; /* behind the old structure */
#else
  void* opaque_delegate_builder;
#endif
};

struct context {
  size_t tensors_size;
  int (*get_execution_plan)(context*, int_array** plan);
  tensor* tensors;
  void* impl;
  int (*resize_tensor)(context*, tensor*, int_array* dims);
  void (*report_error)(context*, const char* format, ...);
  int (*add_tensors)(context*, int count, int* first);
  int (*get_node_and_registration)(context*, int index, node**, registration**);
  int (*replace_node_subsets)(context*, registration, const int_array* nodes,
                              delegate*);
};

/* --- the delegate ------------------------------------------------------------- */

typedef void (*report_fn)(const char*);

typedef struct {
  delegate delegate;
  char mode[32];
  int op;
  float offset;
  bool buffers;
  report_fn late; /* NULL without late=1 */
  int kernels;   /* alive */
  float* result; /* with buffers: what was computed last */
} state;

enum { THE_HANDLE = 7 };

static int live_delegates, live_kernels, live_handles;

static void count(int* counter, int change) {
  __atomic_add_fetch(counter, change, __ATOMIC_SEQ_CST);
}

static void* kernel_init(context* c, const char* buffer, size_t length) {
  (void)c;
  (void)length;
  /* TfLiteDelegateParams, whose first field is the delegate: the original, or what
   * stands for it, with the same data. */
  state* s = (*(delegate* const*)(const void*)buffer)->data;
  count(&s->kernels, 1);
  count(&live_kernels, 1);
  return s;
}

static void kernel_free(context* c, void* user_data) {
  (void)c;
  state* s = user_data;
  count(&s->kernels, -1);
  count(&live_kernels, -1);
}

static int kernel_prepare(context* c, node* n) {
  const tensor* in = &c->tensors[n->inputs->data[0]];
  size_t size = sizeof(int_array) + sizeof(int) * (size_t)in->dims->size;
  int_array* dims = malloc(size); /* the runtime's to free from here on */
  memcpy(dims, in->dims, size);
  return c->resize_tensor(c, &c->tensors[n->outputs->data[0]], dims);
}

static int kernel_invoke(context* c, node* n) {
  state* s = n->user_data;
  const tensor* a = &c->tensors[n->inputs->data[0]];
  const tensor* b = &c->tensors[n->inputs->data[1]];
  tensor* sum = &c->tensors[n->outputs->data[0]];
  if (a->bytes != b->bytes || a->bytes != sum->bytes) {
    c->report_error(c, "fakeplugin: shapes differ");
    return ERROR;
  }
  float* to = sum->data;
  if (s->buffers) {
    to = s->result = realloc(s->result, sum->bytes);
    if (sum->buffer_handle != THE_HANDLE) count(&live_handles, 1);
    sum->buffer_handle = THE_HANDLE;
    sum->data_is_stale = true;
  }
  for (size_t i = 0; i < sum->bytes / sizeof(float); i++) {
    to[i] = a->data[i] + b->data[i] + s->offset;
  }
  return OK;
}

/* Whether the runtime's call arrived with the delegate that this plugin made. */
static bool is_own(context* c, const delegate* d) {
  if (d == &((const state*)d->data)->delegate) return true;
  c->report_error(c, "fakeplugin: this is not my delegate");
  return false;
}

static int copy_from_buffer(context* c, delegate* d, int handle, tensor* t) {
  const state* s = d->data;
  if (!is_own(c, d) || handle != THE_HANDLE) return ERROR;
  memcpy(t->data, s->result, t->bytes);
  return OK;
}

static void free_buffer(context* c, delegate* d, int* handle) {
  if (is_own(c, d) && *handle == THE_HANDLE) count(&live_handles, -1);
}

static bool takes(const state* s, const context* c, const node* n,
                  const registration* r) {
  return r->builtin_code == s->op && n->inputs->size == 2 &&
         n->outputs->size == 1 &&
         c->tensors[n->inputs->data[0]].type == FLOAT32 &&
         c->tensors[n->inputs->data[1]].type == FLOAT32;
}

static int prepare(context* c, delegate* d) {
  state* s = d->data;
  if (strcmp(s->mode, "fail_prepare") == 0) {
    c->report_error(c, "fakeplugin: does not like this model, code %d", 42);
    return ERROR;
  }
  int_array* plan = NULL;
  if (c->get_execution_plan(c, &plan) != OK) return ERROR;
  int_array* taken = calloc(1, sizeof(int_array) + sizeof(int));
  for (int i = 0; i < plan->size && taken->size == 0; i++) {
    node* n = NULL;
    registration* r = NULL;
    if (c->get_node_and_registration(c, plan->data[i], &n, &r) != OK) continue;
    if (takes(s, c, n, r)) taken->data[taken->size++] = plan->data[i];
  }
  if (strcmp(s->mode, "claim_none") == 0) taken->size = 0;

  registration r;
#if defined(OLD_ABI)
  memset(&r, 0x0f, sizeof r);
#else
  memset(&r, 0, sizeof r);
#endif
  r.init = kernel_init;
  r.free = kernel_free;
  r.prepare = kernel_prepare;
  r.invoke = kernel_invoke;
  r.profiling_string = NULL;
  r.builtin_code = BUILTIN_DELEGATE;
  r.custom_name = "fakeplugin";
  r.version = 1;
  int status = c->replace_node_subsets(c, r, taken, d);
  free(taken);
  return status;
}

/* --- the two exports ---------------------------------------------------------- */

static void report_options(char** keys, char** values, size_t n,
                           report_fn report) {
  char text[1024] = "options:";
  for (size_t i = 0; i < n; i++) {
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, " %.40s=%.40s", keys[i],
             values[i]);
  }
  report(text);
}

static bool parse(state* s, const char* key, const char* value,
                  report_fn report) {
  if (strcmp(key, "mode") == 0) {
    snprintf(s->mode, sizeof s->mode, "%s", value);
  } else if (strcmp(key, "op") == 0) {
    s->op = atoi(value);
  } else if (strcmp(key, "offset") == 0) {
    s->offset = strtof(value, NULL);
  } else if (strcmp(key, "buffers") == 0) {
    s->buffers = true;
  } else if (strcmp(key, "dynamic") == 0) {
    s->delegate.flags = ALLOW_DYNAMIC_TENSORS;
  } else if (strcmp(key, "warn") == 0) {
    report(value);
  } else if (strcmp(key, "late") == 0) {
    s->late = report;
  } else if (strncmp(key, "any", 3) != 0) {
    char text[128];
    snprintf(text, sizeof text, "fakeplugin: no such option: %.80s", key);
    report(text);
    return false;
  }
  return true;
}

/* Whether the mode has a delegate made; reports the reason if not. */
static bool willing(const state* s, char** keys, char** values, size_t n,
                    report_fn report) {
  if (strcmp(s->mode, "fail_create") == 0) {
    report("fakeplugin: declines as asked");
    report_options(keys, values, n, report);
    return false;
  }
  if (strcmp(s->mode, "live") == 0) {
    char text[128];
    snprintf(text, sizeof text, "live: %d delegates, %d kernels, %d handles",
             __atomic_load_n(&live_delegates, __ATOMIC_SEQ_CST),
             __atomic_load_n(&live_kernels, __ATOMIC_SEQ_CST),
             __atomic_load_n(&live_handles, __ATOMIC_SEQ_CST));
    report(text);
    return false;
  }
  return strcmp(s->mode, "fail_silently") != 0;
}

EXPORT delegate* tflite_plugin_create_delegate(char** keys, char** values,
                                               size_t n, report_fn report) {
  state* s = calloc(1, sizeof(state));
  s->offset = 0.5f;
  s->op = BUILTIN_ADD;
  bool usable = true;
  for (size_t i = 0; i < n && usable; i++) {
    usable = parse(s, keys[i], values[i], report);
  }
  if (!usable || !willing(s, keys, values, n, report)) {
    free(s);
    return NULL;
  }
#if defined(OLD_ABI)
  memset(s->delegate.dirt, 0x0f, sizeof s->delegate.dirt);
#endif
  s->delegate.data = s;
  s->delegate.prepare = prepare;
  if (s->buffers) {
    s->delegate.copy_from_buffer = copy_from_buffer;
    s->delegate.free_buffer = free_buffer;
  }
  count(&live_delegates, 1);
  return &s->delegate;
}

#if !defined(NO_DESTROY)
EXPORT void tflite_plugin_destroy_delegate(delegate* d) {
  state* s = d->data;
  if (d != &s->delegate || s->kernels > 0) {
    fprintf(stderr, "fakeplugin: wrong delegate, or destroyed in use\n");
    abort();
  }
  if (s->late) s->late("fakeplugin: too late to say this");
  count(&live_delegates, -1);
  free(s->result);
  free(s);
}
#endif
