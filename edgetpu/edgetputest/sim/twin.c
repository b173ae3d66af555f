#define _GNU_SOURCE
#include "twin.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"

/* --- TensorFlow Lite's C API, found at run time ------------------------------------ */

typedef struct tfl_model tfl_model;
typedef struct tfl_options tfl_options;
typedef struct tfl_interpreter tfl_interpreter;
typedef struct tfl_opaque_tensor tfl_opaque_tensor;
typedef struct tfl_opaque_delegate tfl_opaque_delegate;

#define API(F)                                                                    \
  F(tfl_model*, ModelCreate, (const void*, size_t))                               \
  F(void, ModelDelete, (tfl_model*))                                              \
  F(tfl_options*, InterpreterOptionsCreate, (void))                               \
  F(void, InterpreterOptionsDelete, (tfl_options*))                               \
  F(void, InterpreterOptionsSetNumThreads, (tfl_options*, int32_t))               \
  F(void, InterpreterOptionsAddDelegate, (tfl_options*, tfl_opaque_delegate*))    \
  F(void, InterpreterOptionsSetErrorReporter,                                     \
    (tfl_options*, void (*)(void*, const char*, va_list), void*))                 \
  F(tfl_interpreter*, InterpreterCreate, (const tfl_model*, const tfl_options*))  \
  F(void, InterpreterDelete, (tfl_interpreter*))                                  \
  F(int, InterpreterAllocateTensors, (tfl_interpreter*))                          \
  F(int, InterpreterInvoke, (tfl_interpreter*))                                   \
  F(int32_t, InterpreterGetInputTensorCount, (const tfl_interpreter*))            \
  F(int32_t, InterpreterGetOutputTensorCount, (const tfl_interpreter*))           \
  F(tfl_opaque_tensor*, InterpreterGetInputTensor, (const tfl_interpreter*, int)) \
  F(const tfl_opaque_tensor*, InterpreterGetOutputTensor,                         \
    (const tfl_interpreter*, int))                                                \
  F(size_t, TensorByteSize, (const tfl_opaque_tensor*))                           \
  F(void*, TensorData, (const tfl_opaque_tensor*))

#define DECLARE(result, name, parameters) result(*name) parameters;
typedef struct {
  API(DECLARE)
  /* Only for the XNNPACK backend; not every runtime has it. */
  tfl_opaque_delegate* (*xnnpack_create)(const void*);
  void (*xnnpack_delete)(tfl_opaque_delegate*);
} api;

/* The library that an address is in: the copy of TensorFlow Lite that asks, of all that
 * the process may have. A program that has one inside itself shows its functions to all. */
static void* library_of(void* address) {
  Dl_info info;
  void* library = NULL;
  if (dladdr(address, &info) != 0) {
    library = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  }
  return library != NULL ? library : dlopen(NULL, RTLD_NOW);
}

/* POSIX has a function's address in a void*, which C does not know. */
static void find(void* library, void* function, const char* name) {
  void* address = dlsym(library, name);
  memcpy(function, &address, sizeof address);
}

static bool find_api(void* runtime, api* tfl, char text[SIM_TEXT]) {
  void* library = library_of(runtime);
  const char* missing = NULL;
#define FIND(result, name, parameters)          \
  find(library, &tfl->name, "TfLite" #name);    \
  if (tfl->name == NULL) missing = "TfLite" #name;
  API(FIND)
  find(library, &tfl->xnnpack_create, "TfLiteXNNPackDelegateCreate");
  find(library, &tfl->xnnpack_delete, "TfLiteXNNPackDelegateDelete");
  if (missing == NULL) return true;
  snprintf(text, SIM_TEXT,
           "the simulation computes with the TensorFlow Lite that uses it, which does "
           "not show it %s",
           missing);
  return false;
}

/* --- finding the model --------------------------------------------------------------- */

/* What Compile's parameters begin with; after it comes the model. */
static const char mark[] = "gocoral-sim-cut\n";
enum { MARK = sizeof mark - 1 };

static uint32_t u32(const uint8_t* p) {
  return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Copies the model into memory aligned for its weights. */
static void* aligned_copy(const void* data, size_t size) {
  void* copy = NULL;
  if (posix_memalign(&copy, 64, size) != 0) return NULL;
  return memcpy(copy, data, size);
}

/* The parameters are a vector of a FlatBuffer, whose length stands before it. */
static void* embedded(const uint8_t* options, size_t size, size_t* model_size) {
  const uint8_t* at = memmem(options, size, mark, MARK);
  if (at == NULL || at - options < 4) return NULL;
  uint32_t length = u32(at - 4);
  if (length <= MARK || length > (size_t)(options + size - at)) return NULL;
  *model_size = length - MARK;
  return aligned_copy(at + MARK, *model_size);
}

static uint64_t fnv1a(const uint8_t* p, size_t n) {
  uint64_t hash = 0xcbf29ce484222325;
  for (size_t i = 0; i < n; i++) hash = (hash ^ p[i]) * 0x100000001b3;
  return hash;
}

static void* read_file(const char* path, size_t* size) {
  FILE* f = fopen(path, "rb");
  if (f == NULL) return NULL;
  void* data = NULL;
  if (fseek(f, 0, SEEK_END) == 0) {
    long length = ftell(f);
    rewind(f);
    if (length > 0 && posix_memalign(&data, 64, (size_t)length) == 0 &&
        fread(data, 1, (size_t)length, f) == (size_t)length) {
      *size = (size_t)length;
    } else {
      free(data);
      data = NULL;
    }
  }
  fclose(f);
  return data;
}

static void* find_model(const uint8_t* options, size_t size, size_t* model_size,
                        char text[SIM_TEXT]) {
  void* model = embedded(options, size, model_size);
  if (model != NULL) return model;
  char path[PATH_MAX + 32];
  uint64_t hash = fnv1a(options, size);
  snprintf(path, sizeof path, "%s/models/%016" PRIx64 ".tflite", sim_dir(), hash);
  model = read_file(path, model_size);
  if (model == NULL) {
    snprintf(text, SIM_TEXT,
             "the simulation does not know what this model computes (%016" PRIx64
             "): give AddModel the model and its CPU twin",
             hash);
  }
  return model;
}

/* --- running it ---------------------------------------------------------------------------- */

struct sim_twin {
  api tfl;
  void* bytes;
  tfl_model* model;
  tfl_opaque_delegate* xnnpack;
  tfl_interpreter* interpreter;
  char text[SIM_TEXT]; /* what the runtime reported last */
};

static void report(void* twin, const char* format, va_list arguments) {
  vsnprintf(((sim_twin*)twin)->text, SIM_TEXT, format, arguments);
}

static bool start(sim_twin* t, size_t size, bool xnnpack) {
  t->model = t->tfl.ModelCreate(t->bytes, size);
  if (t->model == NULL) return false;
  if (xnnpack) {
    if (t->tfl.xnnpack_create == NULL || t->tfl.xnnpack_delete == NULL) {
      snprintf(t->text, SIM_TEXT, "this TensorFlow Lite has no XNNPACK");
      return false;
    }
    t->xnnpack = t->tfl.xnnpack_create(NULL);
  }
  tfl_options* options = t->tfl.InterpreterOptionsCreate();
  t->tfl.InterpreterOptionsSetNumThreads(options, 1);
  t->tfl.InterpreterOptionsSetErrorReporter(options, report, t);
  if (t->xnnpack != NULL) t->tfl.InterpreterOptionsAddDelegate(options, t->xnnpack);
  t->interpreter = t->tfl.InterpreterCreate(t->model, options);
  t->tfl.InterpreterOptionsDelete(options);
  return t->interpreter != NULL &&
         t->tfl.InterpreterAllocateTensors(t->interpreter) == 0;
}

sim_twin* sim_twin_new(void* runtime, const void* options, size_t size, bool xnnpack,
                       char text[SIM_TEXT]) {
  api tfl;
  if (!find_api(runtime, &tfl, text)) return NULL;
  size_t model_size = 0;
  void* bytes = find_model(options, size, &model_size, text);
  if (bytes == NULL) return NULL;
  sim_twin* t = calloc(1, sizeof *t);
  if (t == NULL) {
    free(bytes);
    return NULL;
  }
  t->tfl = tfl;
  t->bytes = bytes;
  if (start(t, model_size, xnnpack)) return t;
  memcpy(text, t->text, SIM_TEXT);
  sim_twin_free(t);
  return NULL;
}

void sim_twin_free(sim_twin* t) {
  if (t == NULL) return;
  if (t->interpreter != NULL) t->tfl.InterpreterDelete(t->interpreter);
  if (t->xnnpack != NULL) t->tfl.xnnpack_delete(t->xnnpack);
  if (t->model != NULL) t->tfl.ModelDelete(t->model);
  free(t->bytes);
  free(t);
}

int sim_twin_inputs(const sim_twin* t) {
  return t->tfl.InterpreterGetInputTensorCount(t->interpreter);
}

int sim_twin_outputs(const sim_twin* t) {
  return t->tfl.InterpreterGetOutputTensorCount(t->interpreter);
}

void* sim_twin_input(const sim_twin* t, int index, size_t* bytes) {
  tfl_opaque_tensor* tensor = t->tfl.InterpreterGetInputTensor(t->interpreter, index);
  *bytes = t->tfl.TensorByteSize(tensor);
  return t->tfl.TensorData(tensor);
}

const void* sim_twin_output(const sim_twin* t, int index, size_t* bytes) {
  const tfl_opaque_tensor* tensor =
      t->tfl.InterpreterGetOutputTensor(t->interpreter, index);
  *bytes = t->tfl.TensorByteSize(tensor);
  return t->tfl.TensorData(tensor);
}

bool sim_twin_invoke(sim_twin* t, char text[SIM_TEXT]) {
  if (t->tfl.InterpreterInvoke(t->interpreter) == 0) return true;
  memcpy(text, t->text, SIM_TEXT);
  return false;
}
