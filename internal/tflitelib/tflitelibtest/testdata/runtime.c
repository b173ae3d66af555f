/* A stand-in for TensorFlow Lite's C library, for tests that need one which no registry has:
 * of another version, with other structures, without some functions.
 *
 * It reads a model's first graph. Its operators are all the same one, which copies the first
 * input to each output; custom ones are those that were added. Nothing is ever freed but
 * what has a Delete.
 *
 *   -DVERSION="2.99.0"   what TfLiteVersion says, or NULL
 *   -DSHIFT_TENSOR, -DSHIFT_CONTEXT, -DSHIFT_NODE, -DSHIFT_REGISTRATION
 *                        a pointer more, of value SHIFT, at the beginning of the structure
 *   -DOLDEST             without the functions that 2.9.0 lacks
 *   -DNO_NAME            without TfLiteTensorName, which none lacks
 *   -DONLY_REQUIRED, -DONLY_OPTIONAL
 *                        one part of the functions, for archives of two members
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef VERSION
#define VERSION "2.99.0"
#endif
#ifndef SHIFT
#define SHIFT NULL
#endif

/* --- structures ------------------------------------------------------------------------- */

enum { OK = 0, ERROR = 1 };
enum { ARENA_RW = 2, DYNAMIC = 4 };
enum { AFFINE = 1 };
enum { CUSTOM = 32 };
enum { STRING = 5 };

typedef struct {
  int size;
  int data[];
} ints;

typedef struct {
  int size;
  float data[];
} floats;

typedef struct {
  floats* scale;
  ints* zero_point;
  int32_t dimension;
} affine;

typedef struct {
  float scale;
  int32_t zero_point;
} params;

typedef struct context context;
typedef struct delegate delegate;

typedef struct {
#ifdef SHIFT_TENSOR
  void* shift;
#endif
  int type;
  void* data;
  ints* dims;
  params params;
  int allocation_type;
  size_t bytes;
  const void* allocation;
  const char* name;
  void* delegate;
  int buffer_handle;
  bool data_is_stale, is_variable;
  struct {
    int type;
    void* params;
  } quantization;
  void* sparsity;
  ints* dims_signature;
} tensor;

typedef struct {
#ifdef SHIFT_NODE
  void* shift;
#endif
  ints* inputs;
  ints* outputs;
  ints* intermediates;
  ints* temporaries;
  void* user_data;
  void* builtin_data;
  const void* custom_initial_data;
  int custom_initial_data_size;
  delegate* delegate;
} node;

typedef struct {
#ifdef SHIFT_REGISTRATION
  void* shift;
#endif
  void* (*init)(context*, const char*, size_t);
  void (*free)(context*, void*);
  int (*prepare)(context*, node*);
  int (*invoke)(context*, node*);
  void* profiling_string;
  int32_t builtin_code;
  const char* custom_name;
  int version;
} registration;

struct context {
#ifdef SHIFT_CONTEXT
  void* shift;
#endif
  size_t tensors_size;
  int (*GetExecutionPlan)(context*, ints**);
  tensor* tensors;
  void* impl;
  int (*ResizeTensor)(context*, tensor*, ints*);
  void (*ReportError)(context*, const char*, ...);
  int (*AddTensors)(context*, int, int*);
  int (*GetNodeAndRegistration)(context*, int, node**, registration**);
};

struct delegate {
  void* data;
  int (*prepare)(context*, delegate*);
};

typedef void (*reporter)(void*, const char*, va_list);
enum { MOST = 8 };

typedef struct {
  reporter report;
  void* reporter_data;
  delegate* delegates[MOST];
  int delegate_count;
  const char* names[MOST];
  registration operators[MOST];
  int operator_count;
} options;

typedef struct {
  const unsigned char* bytes;
} model;

typedef struct {
  context context;
  options options;
  node* nodes;
  registration* registrations;
  ints *plan, *inputs, *outputs;
} interpreter;

#ifndef ONLY_OPTIONAL

/* --- the model's file ---------------------------------------------------------------------- */

typedef const unsigned char* bytes;

static uint32_t u32(bytes p) {
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

static uint16_t u16(bytes p) {
  uint16_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

static bytes follow(bytes p) { return p + u32(p); }

/* The place of a field of a table, NULL if it has its default. */
static bytes field(bytes table, int slot) {
  bytes all = table - (int32_t)u32(table);
  int at = 4 + 2 * slot;
  uint16_t offset = at + 2 <= u16(all) ? u16(all + at) : 0;
  return offset ? table + offset : NULL;
}

static bytes vector(bytes table, int slot, int* count) {
  bytes f = field(table, slot);
  *count = f ? (int)u32(follow(f)) : 0;
  return f ? follow(f) + 4 : NULL;
}

static bytes table_at(bytes table, int slot, int index) {
  int count;
  return follow(vector(table, slot, &count) + 4 * index);
}

static void* zeros(size_t size) { return calloc(1, size + 1); }

static ints* ints_of(bytes table, int slot) {
  int n;
  bytes from = vector(table, slot, &n);
  if (from == NULL) return NULL;
  ints* all = zeros(sizeof(ints) + sizeof(int) * (size_t)n);
  all->size = n;
  memcpy(all->data, from, sizeof(int) * (size_t)n);
  return all;
}

static char* string_of(bytes table, int slot) {
  int n;
  bytes from = vector(table, slot, &n);
  char* s = zeros((size_t)n);
  if (n > 0) memcpy(s, from, (size_t)n);
  return s;
}

/* --- tensors -------------------------------------------------------------------------------- */

/* The C API's number and the size in bytes of each type of the file. */
static const struct {
  int type, size;
} types[] = {{1, 4}, {10, 2}, {2, 4}, {3, 1}, {4, 8}, {STRING, 0}, {6, 1}, {7, 2}, {8, 8}, {9, 1}};

static int size_of(int type) {
  for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
    if (types[k].type == type) return types[k].size;
  }
  return 0;
}

static void quantize(tensor* t, bytes q) {
  int n, zeros_n;
  bytes scales = vector(q, 2, &n), zero_points = vector(q, 3, &zeros_n);
  if (n == 0) return;
  affine* a = zeros(sizeof(affine));
  a->scale = zeros(sizeof(floats) + sizeof(float) * (size_t)n);
  a->zero_point = zeros(sizeof(ints) + sizeof(int) * (size_t)n);
  a->scale->size = a->zero_point->size = n;
  memcpy(a->scale->data, scales, sizeof(float) * (size_t)n);
  for (int k = 0; k < n && k < zeros_n; k++) {
    a->zero_point->data[k] = (int)u32(zero_points + 8 * k);
  }
  bytes dimension = field(q, 6);
  a->dimension = dimension ? (int)u32(dimension) : 0;
  t->quantization.type = AFFINE;
  t->quantization.params = a;
  if (n == 1) {
    t->params = (params){a->scale->data[0], a->zero_point->data[0]};
  }
}

static void read_tensor(tensor* t, bytes from) {
#ifdef SHIFT_TENSOR
  t->shift = (void*)SHIFT;
#endif
  bytes type = field(from, 1), q = field(from, 4);
  t->type = types[type ? *type : 0].type;
  t->name = string_of(from, 3);
  t->dims = ints_of(from, 0);
  if (t->dims == NULL) t->dims = zeros(sizeof(ints));
  t->dims_signature = ints_of(from, 7);
  t->allocation_type = t->type == STRING ? DYNAMIC : ARENA_RW;
  if (q) quantize(t, follow(q));
}

static void allocate(tensor* t) {
  size_t n = (size_t)size_of(t->type);
  for (int k = 0; k < t->dims->size; k++) n *= (size_t)t->dims->data[k];
  t->bytes = n;
  t->data = t->type == STRING ? NULL : zeros(n);
}

/* --- what operators and delegates call -------------------------------------------------------- */

static interpreter* of(context* c) { return c->impl; }

static int get_plan(context* c, ints** plan) {
  *plan = of(c)->plan;
  return OK;
}

static int get_node(context* c, int k, node** n, registration** r) {
  if (k < 0 || k >= of(c)->plan->size) return ERROR;
  *n = &of(c)->nodes[k];
  *r = &of(c)->registrations[k];
  return OK;
}

static void say(interpreter* i, const char* format, ...) {
  va_list args;
  va_start(args, format);
  if (i->options.report) i->options.report(i->options.reporter_data, format, args);
  va_end(args);
}

static void report(context* c, const char* format, ...) {
  va_list args;
  va_start(args, format);
  interpreter* i = of(c);
  if (i->options.report) i->options.report(i->options.reporter_data, format, args);
  va_end(args);
}

static int resize(context* c, tensor* t, ints* dims) {
  (void)c;
  t->dims = dims;
  allocate(t);
  return OK;
}

static int add_tensors(context* c, int count, int* first) {
  (void)c, (void)count, (void)first;
  return ERROR;
}

/* --- the functions that every version has ------------------------------------------------------ */

const char* TfLiteVersion(void) { return VERSION; }

model* TfLiteModelCreate(const void* data, size_t size) {
  model* m = zeros(sizeof(model));
  m->bytes = data;
  (void)size;
  return m;
}

void TfLiteModelDelete(model* m) { free(m); }

options* TfLiteInterpreterOptionsCreate(void) { return zeros(sizeof(options)); }
void TfLiteInterpreterOptionsDelete(options* o) { free(o); }
void TfLiteInterpreterOptionsSetNumThreads(options* o, int32_t n) { (void)o, (void)n; }

void TfLiteInterpreterOptionsAddDelegate(options* o, delegate* d) {
  if (o->delegate_count < MOST) o->delegates[o->delegate_count++] = d;
}

void TfLiteInterpreterOptionsAddCustomOp(options* o, const char* name, const registration* r,
                                         int32_t first, int32_t last) {
  (void)last;
  if (o->operator_count == MOST) return;
  registration* mine = &o->operators[o->operator_count];
  *mine = *r;
  mine->builtin_code = CUSTOM;
  mine->custom_name = name;
  mine->version = first;
  o->names[o->operator_count++] = name;
}

void TfLiteInterpreterOptionsSetErrorReporter(options* o, reporter r, void* data) {
  o->report = r;
  o->reporter_data = data;
}

static bool find_operator(interpreter* i, bytes code, registration* r) {
  const char* name = string_of(code, 1);
  if (*name == '\0') return true; /* a built-in one */
  for (int k = 0; k < i->options.operator_count; k++) {
    if (strcmp(name, i->options.names[k]) == 0) {
      *r = i->options.operators[k];
      return true;
    }
  }
  say(i, "Encountered unresolved custom op: %s.", name);
  return false;
}

static bool read_operators(interpreter* i, bytes file, bytes graph) {
  int count;
  vector(graph, 3, &count);
  i->nodes = zeros(sizeof(node) * (size_t)count);
  i->registrations = zeros(sizeof(registration) * (size_t)count);
  i->plan = zeros(sizeof(ints) + sizeof(int) * (size_t)count);
  i->plan->size = count;
  for (int k = 0; k < count; k++) {
    bytes op = table_at(graph, 3, k), code = field(op, 0);
    node* n = &i->nodes[k];
#ifdef SHIFT_NODE
    n->shift = (void*)SHIFT;
#endif
    i->plan->data[k] = k;
    n->inputs = ints_of(op, 1);
    n->outputs = ints_of(op, 2);
    n->custom_initial_data = vector(op, 5, &n->custom_initial_data_size);
    if (!find_operator(i, table_at(file, 1, code ? (int)u32(code) : 0), &i->registrations[k])) return false;
  }
  return true;
}

static interpreter* fail(interpreter* i) {
  free(i);
  return NULL;
}

interpreter* TfLiteInterpreterCreate(const model* m, const options* o) {
  interpreter* i = zeros(sizeof(interpreter));
  bytes file = follow(m->bytes), graph = table_at(file, 2, 0);
  int count;
  vector(graph, 0, &count);
  i->options = *o;
  i->inputs = ints_of(graph, 1);
  i->outputs = ints_of(graph, 2);
  i->context = (context){
#ifdef SHIFT_CONTEXT
      .shift = (void*)SHIFT,
#endif
      .tensors_size = (size_t)count,
      .GetExecutionPlan = get_plan,
      .tensors = zeros(sizeof(tensor) * (size_t)count),
      .impl = i,
      .ResizeTensor = resize,
      .ReportError = report,
      .AddTensors = add_tensors,
      .GetNodeAndRegistration = get_node};
  for (int k = 0; k < count; k++) read_tensor(&i->context.tensors[k], table_at(graph, 0, k));
  if (!read_operators(i, file, graph)) return fail(i);
  for (int k = 0; k < o->delegate_count; k++) {
    delegate* d = o->delegates[k];
    if (d->prepare(&i->context, d) != OK) return fail(i);
  }
  return i;
}

void TfLiteInterpreterDelete(interpreter* i) { free(i); }

int32_t TfLiteInterpreterGetInputTensorCount(const interpreter* i) { return i->inputs->size; }
int32_t TfLiteInterpreterGetOutputTensorCount(const interpreter* i) { return i->outputs->size; }

tensor* TfLiteInterpreterGetInputTensor(const interpreter* i, int32_t k) {
  return &i->context.tensors[i->inputs->data[k]];
}

const tensor* TfLiteInterpreterGetOutputTensor(const interpreter* i, int32_t k) {
  return &i->context.tensors[i->outputs->data[k]];
}

int TfLiteInterpreterResizeInputTensor(interpreter* i, int32_t k, const int* dims, int32_t rank) {
  ints* all = zeros(sizeof(ints) + sizeof(int) * (size_t)rank);
  all->size = rank;
  memcpy(all->data, dims, sizeof(int) * (size_t)rank);
  TfLiteInterpreterGetInputTensor(i, k)->dims = all;
  return OK;
}

int TfLiteInterpreterAllocateTensors(interpreter* i) {
  for (size_t k = 0; k < i->context.tensors_size; k++) allocate(&i->context.tensors[k]);
  for (int k = 0; k < i->plan->size; k++) {
    registration* r = &i->registrations[k];
    if (r->prepare && r->prepare(&i->context, &i->nodes[k]) != OK) return ERROR;
  }
  return OK;
}

static void copy(interpreter* i, const node* n) {
  const tensor* from = &i->context.tensors[n->inputs->data[0]];
  for (int k = 0; k < n->outputs->size; k++) {
    tensor* to = &i->context.tensors[n->outputs->data[k]];
    memcpy(to->data, from->data, to->bytes < from->bytes ? to->bytes : from->bytes);
  }
}

int TfLiteInterpreterInvoke(interpreter* i) {
  for (int k = 0; k < i->plan->size; k++) {
    registration* r = &i->registrations[k];
    if (r->invoke == NULL) {
      copy(i, &i->nodes[k]);
    } else if (r->invoke(&i->context, &i->nodes[k]) != OK) {
      return ERROR;
    }
  }
  return OK;
}

int TfLiteInterpreterResetVariableTensors(interpreter* i) {
  (void)i;
  return OK;
}

int TfLiteTensorType(const tensor* t) { return t->type; }
int32_t TfLiteTensorNumDims(const tensor* t) { return t->dims->size; }
int32_t TfLiteTensorDim(const tensor* t, int32_t k) { return t->dims->data[k]; }
size_t TfLiteTensorByteSize(const tensor* t) { return t->bytes; }
void* TfLiteTensorData(const tensor* t) { return t->data; }
#ifndef NO_NAME
const char* TfLiteTensorName(const tensor* t) { return t->name; }
#endif

#endif /* ONLY_OPTIONAL */

/* --- those that some versions lack --------------------------------------------------------------- */

#ifndef ONLY_REQUIRED

params TfLiteTensorQuantizationParams(const tensor* t) { return t->params; }

#ifndef OLDEST

int TfLiteInterpreterOptionsEnableCancellation(options* o, bool enable) {
  (void)o, (void)enable;
  return OK;
}

int TfLiteInterpreterCancel(const interpreter* i) {
  (void)i;
  return OK;
}

void TfLiteTensorRealloc(size_t size, tensor* t) {
  t->data = realloc(t->data, size);
  t->bytes = size;
}

int TfLiteOpaqueTensorGetAllocationType(const tensor* t) { return t->allocation_type; }

int TfLiteOpaqueTensorGetNumDimsSignature(const tensor* t, int32_t* n) {
  *n = t->dims_signature ? t->dims_signature->size : -1;
  return OK;
}

int TfLiteOpaqueTensorGetDimSignature(const tensor* t, int32_t k, int32_t* dim) {
  *dim = t->dims_signature ? t->dims_signature->data[k] : -1;
  return OK;
}

#endif /* OLDEST */
#endif /* ONLY_REQUIRED */
