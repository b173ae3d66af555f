/* A stand-in for a TensorFlow Lite runtime and an old delegate, to see on any
 * processor what the adapter makes of a call between the two. It prints one line
 * per thing that is wrong.
 *
 *   -DNEWER      the runtime's structures are those of 2.17, otherwise of 2.9
 *   "plain"      as argument: without the adapter, to show that it is needed */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../oldabi.h"

/* --- what both sides agree on ----------------------------------------------- */

typedef struct context context;
typedef struct delegate delegate;

#define OLD_DELEGATE                                                  \
  void* data;                                                         \
  int (*prepare)(context*, delegate*);                                \
  int (*copy_from)(context*, delegate*, int handle, void* tensor);    \
  int (*copy_to)(context*, delegate*, int handle, void* tensor);      \
  void (*free_buffer)(context*, delegate*, int* handle);              \
  int64_t flags;

#define OLD_REGISTRATION   \
  void *init, *free, *prepare, *invoke, *profiling_string; \
  int32_t builtin_code;    \
  const char* custom_name; \
  int version;

struct context {
  size_t tensors_size;
  void *plan, *tensors, *impl, *resize;
  void (*report)(context*, const char*, ...);
  void *add, *get_node;
  void* replace;
  /* Only here: what the runtime saw. */
  delegate* seen_delegate;
  int calls;
};

static int failures;

static void failed(int line, const char* condition) {
  if (__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED) < 20) {
    printf("line %d: not so: %s\n", line, condition);
    fflush(stdout); /* the next thing may be a crash */
  }
}

#define CHECK(condition) \
  do {                   \
    if (!(condition)) failed(__LINE__, #condition); \
  } while (0)

/* --- the runtime ------------------------------------------------------------- */

typedef struct {
  OLD_REGISTRATION
#ifdef NEWER
  void* registration_external;
  void* async_kernel;
  uint64_t inplace_operator;
#endif
} runtime_registration;

struct delegate {
  OLD_DELEGATE
#ifdef NEWER
  void* opaque_delegate_builder;
#endif
};

/* The adapter asks for it on 32-bit processors. */
const char* TfLiteVersion(void);
const char* TfLiteVersion(void) {
#ifdef NEWER
  return "2.17.1";
#else
  return "2.9.0";
#endif
}

static int nodes_to_replace[] = {1, 0};

static int runtime_replace(context* c, runtime_registration r,
                           const void* nodes, delegate* d) {
  CHECK(r.init == (void*)1);
  CHECK(r.free == (void*)2);
  CHECK(r.prepare == (void*)3);
  CHECK(r.invoke == (void*)4);
  CHECK(r.profiling_string == (void*)5);
  CHECK(r.builtin_code == 51);
  CHECK(strcmp(r.custom_name, "old") == 0);
  CHECK(r.version == 7);
#ifdef NEWER
  CHECK(r.registration_external == NULL);
  CHECK(r.async_kernel == NULL);
  CHECK(r.inplace_operator == 0);
#endif
  CHECK(nodes == nodes_to_replace);
  c->seen_delegate = d;
  c->calls++;
  return 0;
}

static void runtime_report(context* c, const char* format, ...) {
  (void)c;
  (void)format;
}

static context new_context(void) {
  return (context){.replace = (void*)runtime_replace, .report = runtime_report};
}

/* --- the old delegate ---------------------------------------------------------- */

/* What follows an old structure in memory is anything, here made bad on purpose. */
typedef struct {
  struct {
    OLD_REGISTRATION
  } known;
#if UINTPTR_MAX != UINT32_MAX
  uint64_t dirt[8];
#endif
} old_registration;

typedef struct {
  OLD_DELEGATE
} old_delegate_fields;

typedef struct {
  old_delegate_fields known;
  uint64_t dirt[4];
  int status; /* of prepare */
} old_delegate;

static int old_prepare(context* c, delegate* d) {
  old_delegate* self = d->data;
  old_registration r;
  memset(&r, 0x0f, sizeof r);
  r.known.init = (void*)1;
  r.known.free = (void*)2;
  r.known.prepare = (void*)3;
  r.known.invoke = (void*)4;
  r.known.profiling_string = (void*)5;
  r.known.builtin_code = 51;
  r.known.custom_name = "old";
  r.known.version = 7;
  CHECK((void*)d == (void*)self);
  int (*replace)(context*, old_registration, const void*, delegate*) =
      (int (*)(context*, old_registration, const void*, delegate*))c->replace;
  CHECK(replace(c, r, nodes_to_replace, d) == 0);
  return self->status;
}

static int old_copy_from(context* c, delegate* d, int handle, void* tensor) {
  (void)c;
  CHECK(d->data == d);
  CHECK(handle == 11);
  CHECK(tensor == &failures);
  return 21;
}

static int old_copy_to(context* c, delegate* d, int handle, void* tensor) {
  (void)c;
  CHECK(d->data == d);
  CHECK(handle == 12);
  CHECK(tensor == &failures);
  return 22;
}

static void old_free_buffer(context* c, delegate* d, int* handle) {
  (void)c;
  CHECK(d->data == d);
  *handle = -1;
}

static old_delegate* new_old_delegate(void) {
  old_delegate* d = malloc(sizeof *d);
  memset(d, 0x0f, sizeof *d);
  d->known = (old_delegate_fields){.data = d,
                                   .prepare = old_prepare,
                                   .copy_from = old_copy_from,
                                   .copy_to = old_copy_to,
                                   .free_buffer = old_free_buffer,
                                   .flags = 3};
  d->status = 0;
  return d;
}

/* --- the tests ------------------------------------------------------------------ */

static void run(delegate* shown, old_delegate* old) {
  context c = new_context();
#ifdef NEWER
  CHECK(shown->opaque_delegate_builder == NULL);
#endif
  CHECK(shown->data == old);
  CHECK(shown->flags == 3);
  for (int status = 0; status < 3; status++) {
    old->status = status;
    CHECK(shown->prepare(&c, shown) == status);
    CHECK(c.replace == (void*)runtime_replace);
  }
  CHECK(c.calls == 3);
  CHECK(c.seen_delegate == shown);

  int handle = 11;
  CHECK(shown->copy_from(&c, shown, 11, &failures) == 21);
  CHECK(shown->copy_to(&c, shown, 12, &failures) == 22);
  shown->free_buffer(&c, shown, &handle);
  CHECK(handle == -1);
}

/* Functions that are not there must not seem to be there. */
static void run_without_buffers(void) {
  old_delegate* old = new_old_delegate();
  old->known.copy_from = old->known.copy_to = NULL;
  old->known.free_buffer = NULL;
  coral_oldabi* adapter = coral_oldabi_wrap(old);
  const delegate* shown = (const delegate*)adapter;
  CHECK(shown->copy_from == NULL);
  CHECK(shown->copy_to == NULL);
  CHECK(shown->free_buffer == NULL);
  coral_oldabi_free(adapter);
  free(old);
}

/* A delegate whose Prepare prepares another one: each call finds its own adapter. */
static old_delegate* inner_old;
static delegate* inner_shown;

static int nesting_prepare(context* c, delegate* d) {
  run(inner_shown, inner_old);
  return old_prepare(c, d);
}

static void run_nested(void) {
  old_delegate* outer = new_old_delegate();
  outer->known.prepare = nesting_prepare;
  inner_old = new_old_delegate();
  coral_oldabi* outer_adapter = coral_oldabi_wrap(outer);
  coral_oldabi* inner_adapter = coral_oldabi_wrap(inner_old);
  inner_shown = (delegate*)inner_adapter;
  context c = new_context();
  CHECK(((delegate*)outer_adapter)->prepare(&c, (delegate*)outer_adapter) == 0);
  CHECK(c.seen_delegate == (delegate*)outer_adapter);
  coral_oldabi_free(inner_adapter);
  coral_oldabi_free(outer_adapter);
  free(inner_old);
  free(outer);
}

/* A call from outside Prepare, through a pointer kept from inside, is refused. */
static void* kept_replace;

static int keeping_prepare(context* c, delegate* d) {
  (void)d;
  kept_replace = c->replace;
  return 0;
}

static void run_outside(void) {
  old_delegate* old = new_old_delegate();
  old->known.prepare = keeping_prepare;
  coral_oldabi* adapter = coral_oldabi_wrap(old);
  context c = new_context();
  CHECK(((delegate*)adapter)->prepare(&c, (delegate*)adapter) == 0);
  old_registration r;
  memset(&r, 0, sizeof r);
  int (*replace)(context*, old_registration, const void*, delegate*) =
      (int (*)(context*, old_registration, const void*, delegate*))kept_replace;
  CHECK(replace(&c, r, nodes_to_replace, (delegate*)old) != 0);
  CHECK(c.calls == 0);
  coral_oldabi_free(adapter);
  free(old);
}

/* One delegate in two interpreters that are built at the same time. */
static void* run_often(void* adapter) {
  for (int i = 0; i < 20000; i++) {
    delegate* shown = adapter;
    context c = new_context();
    CHECK(shown->prepare(&c, shown) == 0);
    CHECK(c.calls == 1);
    CHECK(c.seen_delegate == shown);
  }
  return NULL;
}

static void run_threads(void) {
  old_delegate* a = new_old_delegate();
  old_delegate* b = new_old_delegate();
  coral_oldabi* wrapped[2] = {coral_oldabi_wrap(a), coral_oldabi_wrap(b)};
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) {
    pthread_create(&threads[i], NULL, run_often, wrapped[i % 2]);
  }
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < 2; i++) coral_oldabi_free(wrapped[i]);
  free(a);
  free(b);
}

int main(int argc, char** argv) {
  old_delegate* old = new_old_delegate();
  if (argc > 1 && strcmp(argv[1], "plain") == 0) {
    run((delegate*)old, old);
    return failures > 0;
  }
  coral_oldabi* adapter = coral_oldabi_wrap(old);
  run((delegate*)adapter, old);
  coral_oldabi_free(adapter);
  free(old);
  run_without_buffers();
  run_nested();
  run_outside();
  run_threads();
  return failures > 0;
}
