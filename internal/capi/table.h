/* The functions of TensorFlow Lite, by their addresses.
 *
 * The library is opened at run time, so nothing here refers to it by name: each call
 * goes through a table, which capi.Bind fills. With CORAL_LINK (the build tags
 * tflite_link and tflite_pkgconfig) the linker fills it.
 *
 * The wrappers are static, because exported ones would stand in for the functions of
 * another copy of the library in the same process. */
#ifndef GOCORAL_TABLE_H_
#define GOCORAL_TABLE_H_

#include <stdarg.h>
#include <stdbool.h>

#define CORAL_WITHOUT_PROTOTYPES
#include "tflite_c.h"

/* What TfLiteTensorQuantizationParams returns. */
typedef struct {
  float scale;
  int32_t zero_point;
} coral_quantization;

#undef OPTIONAL /* of Windows' own headers */

enum coral_function {
#define REQUIRED(result, name, parameters, arguments) CORAL_##name,
#define OPTIONAL(result, name, parameters) CORAL_##name,
#include "functions.h"
  CORAL_FUNCTIONS
};

#if !defined(_WIN32)
__attribute__((visibility("hidden")))
#endif
extern void* coral_table[CORAL_FUNCTIONS];

#if !defined(CORAL_WITHOUT_WRAPPERS)
#define REQUIRED(result, name, parameters, arguments)               \
  static inline result name parameters {                            \
    return ((result(*) parameters)coral_table[CORAL_##name])arguments; \
  }
#define OPTIONAL(result, name, parameters)         \
  typedef result(*name##_fn) parameters;           \
  static inline name##_fn find_##name(void) {      \
    return (name##_fn)coral_table[CORAL_##name];   \
  }
#include "functions.h"
#endif

/* The name of each function, and whether no runtime lacks it. */
const char* coral_name(int function);
bool coral_required(int function);

/* Where it is, NULL if that is not known. */
void* coral_address(int function);
void coral_bind(int function, void* address);

/* The version that a TfLiteVersion at an address tells. */
const char* coral_version_at(void* version);

#endif /* GOCORAL_TABLE_H_ */
