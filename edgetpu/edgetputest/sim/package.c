#define _GNU_SOURCE
#include "package.h"

#include <string.h>

/* --- FlatBuffers, read without trust -------------------------------------------------- */

/* Bytes whose first one is that of a FlatBuffer. */
typedef struct {
  const uint8_t* bytes;
  size_t size;
} flat;

static uint32_t u32(const uint8_t* p) {
  return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The uint32 at pos, 0 if there is none. */
static uint32_t at(flat f, size_t pos) {
  return pos > f.size || f.size - pos < 4 ? 0 : u32(f.bytes + pos);
}

/* Where a field of the table stands, 0 if it is absent. */
static size_t field(flat f, size_t table, unsigned slot) {
  if (table == 0 || table > f.size || f.size - table < 4) return 0;
  int64_t vtable = (int64_t)table - (int32_t)u32(f.bytes + table);
  uint64_t entry = 4 + 2 * (uint64_t)slot;
  if (vtable < 0 || (uint64_t)vtable + entry + 2 > f.size) return 0;
  const uint8_t* v = f.bytes + vtable;
  size_t length = v[0] | (size_t)v[1] << 8, offset = v[entry] | (size_t)v[entry + 1] << 8;
  if (length < entry + 2 || offset == 0 || offset >= f.size - table) return 0;
  return table + offset;
}

/* What the field refers to: a table, a vector or a string; 0 for nothing. */
static size_t referred(flat f, size_t table, unsigned slot) {
  size_t pos = field(f, table, slot);
  uint32_t offset = pos == 0 ? 0 : at(f, pos);
  return offset == 0 || offset >= f.size - pos ? 0 : pos + offset;
}

/* The FlatBuffer inside a vector of bytes or a string. */
static flat nested(flat f, size_t vector) {
  flat none = {NULL, 0};
  uint32_t length = vector == 0 ? 0 : at(f, vector);
  if (length < 4 || length > f.size - vector - 4) return none;
  return (flat){f.bytes + vector + 4, length};
}

/* --- the package ------------------------------------------------------------------------ */

/* It is found by its identifier, which stands after the offset of its root. */
static flat package(const void* options, size_t size) {
  const uint8_t* first = options;
  const uint8_t* mark = memmem(first, size, "DWN1", 4);
  flat none = {NULL, 0};
  if (mark == NULL || mark - first < 4) return none;
  return (flat){mark - 4, size - (size_t)(mark - 4 - first)};
}

enum { MIN_RUNTIME_VERSION = 0, EXECUTABLES = 1 }; /* of Package */
enum { DMA_HINTS = 7 };                             /* of Executable */
enum { FULLY_DETERMINISTIC = 1 };                   /* of DmaHints */

uint32_t sim_package_runtime_version(const void* options, size_t size) {
  flat p = package(options, size);
  size_t pos = field(p, at(p, 0), MIN_RUNTIME_VERSION);
  return pos == 0 ? 0 : at(p, pos);
}

static bool deterministic(flat executable) {
  size_t hints = referred(executable, at(executable, 0), DMA_HINTS);
  size_t pos = field(executable, hints, FULLY_DETERMINISTIC);
  return pos != 0 && executable.bytes[pos] != 0;
}

bool sim_package_deterministic(const void* options, size_t size) {
  flat p = package(options, size);
  flat multi = nested(p, referred(p, at(p, 0), EXECUTABLES));
  size_t list = referred(multi, at(multi, 0), 0);
  for (uint32_t i = 0, n = list == 0 ? 0 : at(multi, list); i < n; i++) {
    size_t pos = list + 4 + 4 * (size_t)i;
    uint32_t offset = at(multi, pos);
    if (offset == 0) break; /* not within the file */
    if (offset < multi.size - pos && !deterministic(nested(multi, pos + offset))) return false;
  }
  return true;
}
