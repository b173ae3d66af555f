//go:build !windows

#define _GNU_SOURCE
#include "dl.h"

#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>
#if defined(__linux__)
#include <link.h>
#include <sys/auxv.h>
#endif

static void fetch_error(char* text, size_t size) {
  const char* error = dlerror();
  snprintf(text, size, "%s", error ? error : "unknown error");
}

void* coral_dl_open(const char* path, int alone, char* text, size_t size) {
  text[0] = '\0';
  int flags = RTLD_NOW | RTLD_LOCAL;
#if defined(RTLD_DEEPBIND)
  /* AddressSanitizer ends the process rather than be gone round. */
  if (alone && dlsym(RTLD_DEFAULT, "__asan_init") == NULL) {
    flags |= RTLD_DEEPBIND;
  }
#else
  (void)alone;
#endif
  void* library = dlopen(path, flags);
  if (library == NULL) fetch_error(text, size);
  return library;
}

void* coral_dl_program(void) { return dlopen(NULL, RTLD_NOW); }

void coral_dl_share(const char* path, char* text, size_t size) {
  text[0] = '\0';
  if (dlopen(path, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL) == NULL) {
    fetch_error(text, size);
  }
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

void coral_dl_path_at(void* address, char* path, size_t size) {
  path[0] = '\0';
  Dl_info info;
  if (dladdr(address, &info) != 0 && info.dli_fname != NULL) {
    snprintf(path, size, "%s", info.dli_fname);
  }
}

uintptr_t coral_dl_base_at(void* address) {
  Dl_info info;
  return dladdr(address, &info) != 0 ? (uintptr_t)info.dli_fbase : 0;
}

void coral_dl_keep_at(void* address) {
  Dl_info info;
  if (dladdr(address, &info) != 0 && info.dli_fname != NULL) {
    dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  }
}

int coral_dl_privileged(void) {
#if defined(__linux__)
  return getauxval(AT_SECURE) != 0; /* file capabilities as well */
#else
  return issetugid();
#endif
}
