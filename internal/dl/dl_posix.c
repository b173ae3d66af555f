//go:build !windows

#define _GNU_SOURCE
#include "dl.h"

#include <dlfcn.h>
#include <stdio.h>
#if defined(__linux__)
#include <link.h>
#endif

static void fetch_error(char* text, size_t size) {
  const char* error = dlerror();
  snprintf(text, size, "%s", error ? error : "unknown error");
}

void* coral_dl_open(const char* path, char* text, size_t size) {
  text[0] = '\0';
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) fetch_error(text, size);
  return library;
}

void* coral_dl_symbol(void* library, const char* name, char* text,
                      size_t size) {
  text[0] = '\0';
  dlerror(); /* forget earlier failures */
  void* address = dlsym(library, name);
  if (address == NULL) fetch_error(text, size);
  return address;
}

void coral_dl_close(void* library, char* text, size_t size) {
  text[0] = '\0';
  if (dlclose(library) != 0) fetch_error(text, size);
}

void coral_dl_path(void* library, char* path, size_t size) {
  path[0] = '\0';
#if defined(__linux__)
  struct link_map* map = NULL;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 && map != NULL) {
    snprintf(path, size, "%s", map->l_name);
  }
#else
  (void)library;
  (void)size;
#endif
}
