/* The wrappers have the names of the functions, and clang would take them for what is linked. */
#define CORAL_WITHOUT_WRAPPERS
#include "table.h"

#if !defined(CORAL_LINK)

void* coral_table[CORAL_FUNCTIONS];

#else

/* Symbols with the names of the functions, whatever their types are. */
#define STRING_(x) #x
#define STRING(x) STRING_(x)
#define SYMBOL(name) __asm__(STRING(__USER_LABEL_PREFIX__) #name)

#define REQUIRED(result, name, parameters, arguments) \
  extern void linked_##name(void) SYMBOL(name);

/* On ELF a weak reference is NULL where the library has no such symbol. PE and Mach-O
 * have nothing as simple: there capi.Bind fills the optional ones. */
#if defined(_WIN32) || defined(__APPLE__)
#define OPTIONAL(result, name, parameters)
#define LINKED_OPTIONAL(name) NULL
#else
#define OPTIONAL(result, name, parameters) \
  extern void linked_##name(void) SYMBOL(name) __attribute__((weak));
#define LINKED_OPTIONAL(name) (void*)linked_##name
#endif
#include "functions.h"

void* coral_table[CORAL_FUNCTIONS] = {
#define REQUIRED(result, name, parameters, arguments) (void*)linked_##name,
#define OPTIONAL(result, name, parameters) LINKED_OPTIONAL(name),
#include "functions.h"
};

#endif

const char* coral_name(int function) {
  static const char* const names[CORAL_FUNCTIONS] = {
#define REQUIRED(result, name, parameters, arguments) #name,
#define OPTIONAL(result, name, parameters) #name,
#include "functions.h"
  };
  return names[function];
}

bool coral_required(int function) {
  static const bool required[CORAL_FUNCTIONS] = {
#define REQUIRED(result, name, parameters, arguments) true,
#define OPTIONAL(result, name, parameters) false,
#include "functions.h"
  };
  return required[function];
}

void* coral_address(int function) { return coral_table[function]; }

void coral_bind(int function, void* address) {
  coral_table[function] = address;
}

const char* coral_version_at(void* version) {
  return ((const char* (*)(void))version)();
}
