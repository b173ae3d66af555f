#define _GNU_SOURCE
#include "oldabi.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if UINTPTR_MAX == UINT32_MAX && !defined(_WIN32)
#include <dlfcn.h>
#endif

/* --- TensorFlow Lite's structures, as far as they have never changed ------------ */

typedef int status; /* TfLiteStatus */
enum { FAILED = 1 };

typedef struct context context;
typedef struct delegate delegate;

/* TfLiteDelegate up to 2.9. */
struct delegate {
  void* data;
  status (*prepare)(context*, delegate*);
  status (*copy_from_buffer)(context*, delegate*, int handle, void* tensor);
  status (*copy_to_buffer)(context*, delegate*, int handle, void* tensor);
  void (*free_buffer)(context*, delegate*, int* handle);
  int64_t flags;
};

/* TfLiteRegistration up to 2.9. */
typedef struct {
  void* init;
  void* free;
  void* prepare;
  void* invoke;
  void* profiling_string;
  int32_t builtin_code;
  const char* custom_name;
  int version;
} old_registration;

typedef status (*replace_fn)(context*, old_registration, const void* nodes,
                             delegate*);

/* The beginning of TfLiteContext. */
struct context {
  size_t tensors_size;
  void* get_execution_plan;
  void* tensors;
  void* impl;
  void* resize_tensor;
  void (*report_error)(context*, const char* format, ...);
  void* add_tensors;
  void* get_node_and_registration;
  replace_fn replace_node_subsets;
};

/* --- passing on a registration ----------------------------------------------------- */

#if UINTPTR_MAX != UINT32_MAX

/* A structure as large as this is passed in memory on every 64-bit platform: as
 * the only argument on the stack (System V on x86-64), or by the address of a copy
 * (AArch64, RISC-V, Windows). So the callee takes as many bytes from its start as
 * it knows of, and there is no need to know how many. */
typedef struct {
  old_registration known;
  uint64_t unused[8];
} wide_registration;

static status forward(replace_fn replace, context* c, old_registration r,
                      const void* nodes, delegate* d) {
  typedef status (*wide_fn)(context*, wide_registration, const void*,
                            delegate*);
  wide_registration wide = {.known = r};
  return ((wide_fn)(void*)replace)(c, wide, nodes, d);
}

#else

/* On 32-bit platforms the arguments after the structure lie behind it, and its
 * alignment decides which registers it is in: it must be the runtime's own. */
typedef struct {
  old_registration known;
  void* registration_external;
  void* async_kernel;
  uint64_t inplace_operator;
} new_registration;

/* Of the runtime that was opened; "" as long as there is none. */
static char opened_version[32];

/* The TfLiteVersion of the library that a function is in, NULL if it is not to be found. */
static const char* version_at(void* function) {
  const char* (*version)(void) = NULL;
#if !defined(_WIN32)
  Dl_info info;
  void* library = NULL;
  if (dladdr(function, &info) != 0) {
    library = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  }
  if (library == NULL) library = dlopen(NULL, RTLD_NOW);
  version = (const char* (*)(void))dlsym(library, "TfLiteVersion");
#else
  (void)function;
#endif
  return version != NULL ? version() : NULL;
}

/* The minor version of the runtime that a function belongs to, -1 if it does not tell. A
 * process may have more than one: the one that asks counts, and where that cannot be asked,
 * as when it is a part of the program, the one that was opened. */
static int minor_version(void* function) {
  const char* text = version_at(function);
  if (text == NULL) text = opened_version;
  return strncmp(text, "2.", 2) == 0 ? atoi(text + 2) : -1;
}

static status forward(replace_fn replace, context* c, old_registration r,
                      const void* nodes, delegate* d) {
  int minor = minor_version((void*)replace);
  if (minor >= 0 && minor <= 9) return replace(c, r, nodes, d);
  if (minor < 17) {
    c->report_error(c, "the adapter for old delegates does not know this version "
                       "of TensorFlow Lite on a 32-bit processor");
    return FAILED;
  }
  typedef status (*new_fn)(context*, new_registration, const void*, delegate*);
  new_registration wide = {.known = r};
  return ((new_fn)(void*)replace)(c, wide, nodes, d);
}

#endif

void coral_oldabi_runtime(const char* version) {
#if UINTPTR_MAX == UINT32_MAX
  strncpy(opened_version, version, sizeof opened_version - 1);
#else
  (void)version; /* it makes no difference */
#endif
}

/* --- the adapter ------------------------------------------------------------------- */

struct coral_oldabi {
  delegate shown;     /* what the runtime holds; must be the first field */
  uint64_t later[16]; /* zero: the fields of newer runtimes, and room for more */
  delegate* original;
};

/* A Prepare in progress. The function that the delegate calls from inside it is
 * told neither the adapter nor whom to pass the call on to, so the thread knows. */
typedef struct frame {
  const coral_oldabi* adapter;
  replace_fn replace;
  struct frame* outer;
} frame;

static _Thread_local frame* current;

static status replace(context* c, old_registration r, const void* nodes,
                      delegate* d) {
  const frame* f = current;
  if (f == NULL) {
    c->report_error(c, "a delegate claimed operators outside its Prepare");
    return FAILED;
  }
  /* The runtime stores the delegate and comes back to it later, when only the
   * padded one is safe to read. */
  if (d == f->adapter->original) d = (delegate*)&f->adapter->shown;
  return forward(f->replace, c, r, nodes, d);
}

static delegate* original(delegate* shown) {
  return ((coral_oldabi*)shown)->original;
}

static status prepare(context* c, delegate* shown) {
  frame f = {(coral_oldabi*)shown, c->replace_node_subsets, current};
  current = &f;
  c->replace_node_subsets = replace;
  status s = original(shown)->prepare(c, original(shown));
  c->replace_node_subsets = f.replace;
  current = f.outer;
  return s;
}

static status copy_from_buffer(context* c, delegate* shown, int handle,
                               void* tensor) {
  return original(shown)->copy_from_buffer(c, original(shown), handle, tensor);
}

static status copy_to_buffer(context* c, delegate* shown, int handle,
                             void* tensor) {
  return original(shown)->copy_to_buffer(c, original(shown), handle, tensor);
}

static void free_buffer(context* c, delegate* shown, int* handle) {
  original(shown)->free_buffer(c, original(shown), handle);
}

int coral_oldabi_has_prepare(const void* original) {
  return ((const delegate*)original)->prepare != NULL;
}

coral_oldabi* coral_oldabi_wrap(void* original) {
  coral_oldabi* a = calloc(1, sizeof(coral_oldabi));
  if (a == NULL) return NULL;
  delegate* d = original;
  a->original = d;
  a->shown.data = d->data;
  a->shown.flags = d->flags;
  a->shown.prepare = prepare;
  /* A function that is absent means something to the runtime, so it stays so. */
  if (d->copy_from_buffer) a->shown.copy_from_buffer = copy_from_buffer;
  if (d->copy_to_buffer) a->shown.copy_to_buffer = copy_to_buffer;
  if (d->free_buffer) a->shown.free_buffer = free_buffer;
  return a;
}

void coral_oldabi_free(coral_oldabi* a) { free(a); }
