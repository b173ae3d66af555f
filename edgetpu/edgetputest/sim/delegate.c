#define _GNU_SOURCE
#include "delegate.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "package.h"
#include "twin.h"

enum { DIRT = 0x0f };

typedef struct {
  tfl_delegate shown; /* what the runtime is given; must be the first field */
  /* What lies behind an allocation of the old size in Google's heap is anything. A
   * runtime that reads a newer field there shall notice. */
  uint64_t dirt[8];
  atomic_int kernels;
  sim_context* context;
} delegate;

/* One edgetpu-custom-op. */
typedef struct {
  delegate* owner;
  const void* options; /* inside the model, which outlives the interpreter */
  size_t size;
  bool deterministic;
  int_array *inputs, *outputs; /* indices of tensors of the outer graph */
  sim_twin* twin;
} kernel;

/* --- one inference -------------------------------------------------------------------- */

/* Copies what the operator reads in. */
static void copy_in(tfl_context* c, kernel* k) {
  for (int i = 0; i < k->inputs->size; i++) {
    size_t bytes;
    void* to = sim_twin_input(k->twin, i, &bytes);
    memcpy(to, c->tensors[k->inputs->data[i]].data, bytes);
  }
}

/* Copies out what the operator writes: its outputs, and the variables among its
 * inputs, whose state belongs to the outer graph, where it can be reset. */
static void copy_out(tfl_context* c, kernel* k) {
  for (int i = 0; i < k->inputs->size; i++) {
    tfl_tensor* to = &c->tensors[k->inputs->data[i]];
    size_t bytes;
    const void* from = sim_twin_input(k->twin, i, &bytes);
    if (to->is_variable) memcpy(to->data, from, bytes);
  }
  for (int i = 0; i < k->outputs->size; i++) {
    size_t bytes;
    const void* from = sim_twin_output(k->twin, i, &bytes);
    memcpy(c->tensors[k->outputs->data[i]].data, from, bytes);
  }
}

/* Spoils the results in a way that no comparison misses. */
static void corrupt(tfl_context* c, kernel* k) {
  for (int i = 0; i < k->outputs->size; i++) {
    tfl_tensor* t = &c->tensors[k->outputs->data[i]];
    for (size_t b = 0; b < t->bytes; b++) ((uint8_t*)t->data)[b] ^= 0x55;
  }
}

/* Runs the operator, holding the device. NULL, or what went wrong. */
static const char* run(tfl_context* c, kernel* k, char text[SIM_TEXT]) {
  sim_context* context = k->owner->context;
  sim_device* d = sim_context_device(context);
  uint64_t end = sim_now_us() + atomic_load(&d->latency_us);
  if (d->type == SIM_USB && !k->deterministic && !sim_descriptors_from_device()) {
    return "Executable 'model' must have fully deterministic DMA hints when DMA "
           "descriptors from device are disabled. (simulation)";
  }
  if (sim_take(d, FAULT_INVOKE_FAILS)) {
    sim_fault_wait(d, 0);
    return "Deadline exceeded (simulation)";
  }
  if (sim_take(d, FAULT_INVOKE_HANGS)) {
    sim_context_wait(context, UINT64_MAX);
    return sim_context_lost(context);
  }
  if (sim_take(d, FAULT_INVOKE_ABORTS)) {
    sim_fault_wait(d, 0);
    sim_context_abort(context, "F usb_driver.cc:857 Deadline exceeded");
  }
  if (sim_take(d, FAULT_UNPLUG)) {
    sim_context_unplug(context);
    return sim_context_lost(context);
  }
  if (sim_take(d, FAULT_UNPLUG_HANGS)) {
    sim_fault_wait(d, 0);
    return sim_context_unplug_silently(context);
  }
  bool wrong = sim_take(d, FAULT_INVOKE_CORRUPTS);
  copy_in(c, k);
  if (!sim_twin_invoke(k->twin, text)) return text;
  if (!sim_context_wait(context, end)) return sim_context_lost(context);
  copy_out(c, k);
  if (wrong) corrupt(c, k);
  return NULL;
}

static status invoke(tfl_context* c, tfl_node* n) {
  kernel* k = n->user_data;
  if (k == NULL || k->twin == NULL) {
    c->report_error(c, "Null custom op data.");
    return STATUS_ERROR;
  }
  sim_context* context = k->owner->context;
  sim_device* d = sim_context_device(context);
  char text[SIM_TEXT] = "";
  unsigned self = (unsigned)getpid();
  bool there = sim_context_begin(context);
  if (there) {
    atomic_store(&d->executing, self);
    atomic_store(&d->last, self);
  }
  const char* failure = there ? run(c, k, text) : sim_context_lost(context);
  atomic_compare_exchange_strong(&d->executing, &self, 0);
  atomic_fetch_add(failure == NULL ? &d->inferences : &d->failures, 1);
  sim_context_end(context);
  if (failure == NULL) return STATUS_OK;
  c->report_error(c, "Failed to execute request. %s", failure);
  return STATUS_ERROR;
}

/* --- preparing -------------------------------------------------------------------------- */

static int_array* copy_array(const int_array* a) {
  size_t size = sizeof *a + (size_t)a->size * sizeof a->data[0];
  int_array* copy = malloc(size);
  return copy == NULL ? NULL : memcpy(copy, a, size);
}

/* As in Google's, the operator's own init: nothing can fail yet but memory. */
static void* init(tfl_context* c, const char* buffer, size_t length) {
  (void)length;
  const tfl_delegate_params* p = (const void*)buffer;
  tfl_node* node;
  tfl_registration* registration;
  if (p->nodes_to_replace->size != 1 ||
      c->get_node_and_registration(c, p->nodes_to_replace->data[0], &node,
                                   &registration) != STATUS_OK) {
    return NULL;
  }
  kernel* k = calloc(1, sizeof *k);
  if (k == NULL) return NULL;
  k->owner = p->delegate->data;
  k->options = node->custom_initial_data;
  k->size = (size_t)node->custom_initial_data_size;
  k->deterministic = sim_package_deterministic(k->options, k->size);
  k->inputs = copy_array(node->inputs);
  k->outputs = copy_array(node->outputs);
  if (k->inputs == NULL || k->outputs == NULL) {
    free(k->inputs);
    free(k->outputs);
    free(k);
    return NULL;
  }
  atomic_fetch_add(&k->owner->kernels, 1);
  return k;
}

static void free_kernel(tfl_context* c, void* user_data) {
  (void)c;
  kernel* k = user_data;
  if (k == NULL) return;
  sim_twin_free(k->twin);
  free(k->inputs);
  free(k->outputs);
  atomic_fetch_sub(&k->owner->kernels, 1);
  free(k);
}

static bool same_size(const tfl_context* c, int tensor, size_t bytes) {
  return tensor >= 0 && (size_t)tensor < c->tensors_size &&
         c->tensors[tensor].bytes == bytes;
}

/* Whether the cut model has the interface of the operator. */
static bool fits(const tfl_context* c, const kernel* k) {
  if (sim_twin_inputs(k->twin) != k->inputs->size) return false;
  if (sim_twin_outputs(k->twin) != k->outputs->size) return false;
  size_t bytes;
  for (int i = 0; i < k->inputs->size; i++) {
    sim_twin_input(k->twin, i, &bytes);
    if (!same_size(c, k->inputs->data[i], bytes)) return false;
  }
  for (int i = 0; i < k->outputs->size; i++) {
    sim_twin_output(k->twin, i, &bytes);
    if (!same_size(c, k->outputs->data[i], bytes)) return false;
  }
  return true;
}

static status fail_prepare(tfl_context* c, const char* why) {
  c->report_error(c, "Failed to prepare for TPU. %s", why);
  return STATUS_ERROR;
}

static status prepare_kernel(tfl_context* c, tfl_node* n) {
  kernel* k = n->user_data;
  if (k == NULL) {
    c->report_error(c, "Null custom op data.");
    return STATUS_ERROR;
  }
  sim_control* control = sim_get();
  uint32_t needed = sim_package_runtime_version(k->options, k->size);
  if (needed > control->runtime_version) {
    c->report_error(c,
                    "Failed to prepare for TPU. Failed precondition: Package requires "
                    "runtime version (%d), which is newer than this runtime version "
                    "(%d). (simulation)",
                    (int)needed, (int)control->runtime_version);
    return STATUS_ERROR;
  }
  /* Google's asks the device here, and waits while that is busy. */
  sim_context_begin(k->owner->context);
  sim_context_end(k->owner->context);
  if (k->twin == NULL) {
    char text[SIM_TEXT] = "no memory";
    void* runtime; /* C does not know a function's address as a void*, POSIX does */
    memcpy(&runtime, &c->report_error, sizeof runtime);
    k->twin =
        sim_twin_new(runtime, k->options, k->size, control->xnnpack != 0, text);
    if (k->twin == NULL) return fail_prepare(c, text);
  }
  if (!fits(c, k)) {
    return fail_prepare(c, "the CPU twin's cut has other inputs or outputs (simulation)");
  }
  return STATUS_OK;
}

/* --- claiming ------------------------------------------------------------------------------ */

/* The structure as an old build passes it: what the callee finds behind it on the
 * stack is whatever lies there. Here that is dirt, always, so that a runtime which
 * reads newer fields fails every time and not by chance. Platforms with 32 bits have
 * the other arguments there, and no room for it. */
typedef struct {
  tfl_registration known;
#if UINTPTR_MAX != UINT32_MAX
  uint8_t dirt[64];
#endif
} passed_registration;

typedef status (*replace_fn)(tfl_context*, passed_registration, const int_array*,
                             tfl_delegate*);

static status prepare_delegate(tfl_context* c, tfl_delegate* d) {
  int_array* plan;
  if (c->get_execution_plan(c, &plan) != STATUS_OK) return STATUS_ERROR;
  plan = copy_array(plan); /* claiming changes it */
  if (plan == NULL) return STATUS_ERROR;
  passed_registration r;
  memset(&r, DIRT, sizeof r);
  r.known = (tfl_registration){.init = init,
                               .free = free_kernel,
                               .prepare = prepare_kernel,
                               .invoke = invoke,
                               .custom_name = "EdgeTpuDelegateForCustomOp",
                               .version = 1};
  replace_fn replace;
  memcpy(&replace, &c->replace_node_subsets, sizeof replace);
  int_array* one = malloc(sizeof *one + sizeof one->data[0]);
  for (int i = 0; one != NULL && i < plan->size; i++) {
    tfl_node* node;
    tfl_registration* registration;
    if (c->get_node_and_registration(c, plan->data[i], &node, &registration) !=
            STATUS_OK ||
        registration->custom_name == NULL ||
        strcmp(registration->custom_name, "edgetpu-custom-op") != 0) {
      continue;
    }
    one->size = 1;
    one->data[0] = plan->data[i];
    replace(c, r, one, d); /* Google's does not look at the result either */
  }
  status done = one == NULL ? STATUS_ERROR : STATUS_OK;
  free(one);
  free(plan);
  return done;
}

/* --- the delegate --------------------------------------------------------------------------- */

tfl_delegate* sim_delegate_new(sim_context* context) {
  if (context == NULL) return NULL;
  delegate* d = malloc(sizeof *d);
  if (d == NULL) {
    sim_context_close(context);
    return NULL;
  }
  memset(d, DIRT, sizeof *d);
  d->shown = (tfl_delegate){.data = d,
                            .prepare = prepare_delegate,
                            .flags = ALLOW_DYNAMIC_TENSORS};
  atomic_init(&d->kernels, 0);
  d->context = context;
  return &d->shown;
}

void sim_delegate_free(tfl_delegate* shown) {
  if (shown == NULL) return;
  delegate* d = (delegate*)shown;
  if (atomic_load(&d->kernels) > 0) {
    /* Google's library would crash some time later. */
    sim_misuse("a delegate is freed before the interpreters that use it");
    return;
  }
  sim_context_close(d->context);
  free(d);
}
