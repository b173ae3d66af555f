#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "dl.h"

#include <stdio.h>

enum { WIDE_SIZE = 1024 };

static void fetch_error(char* text, size_t size) {
  DWORD code = GetLastError();
  wchar_t wide[WIDE_SIZE];
  DWORD n = FormatMessageW(
      FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, code,
      MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), wide, WIDE_SIZE, NULL);
  while (n > 0 && wide[n - 1] <= L' ') n--; /* the text ends in a new line */
  int length = WideCharToMultiByte(CP_UTF8, 0, wide, (int)n, text,
                                   (int)size - 1, NULL, NULL);
  text[length] = '\0';
  if (length == 0) snprintf(text, size, "error %lu", (unsigned long)code);
}

static void* loaded(HMODULE library, char* text, size_t size) {
  if (library == NULL) fetch_error(text, size);
  return (void*)library;
}

/* Windows never mixes libraries up: each import names the one that it is of. */
void* coral_dl_open(const char* path, int alone, char* text, size_t size) {
  (void)alone;
  text[0] = '\0';
  wchar_t wide[WIDE_SIZE];
  if (!MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide,
                           WIDE_SIZE)) {
    fetch_error(text, size);
    return NULL;
  }
  if (wcspbrk(wide, L"/\\") == NULL) {
    /* Neither the current folder nor PATH, in which anybody may have put a file. */
    return loaded(LoadLibraryExW(wide, NULL, LOAD_LIBRARY_SEARCH_DEFAULT_DIRS),
                  text, size);
  }
  /* A library given by its path may bring the ones it needs in its folder; the
   * loader looks there only when told to, and only for a full path. */
  wchar_t full[WIDE_SIZE];
  DWORD n = GetFullPathNameW(wide, WIDE_SIZE, full, NULL);
  if (n == 0 || n >= WIDE_SIZE) {
    fetch_error(text, size);
    return NULL;
  }
  return loaded(LoadLibraryExW(full, NULL,
                               LOAD_LIBRARY_SEARCH_DEFAULT_DIRS |
                                   LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR),
                text, size);
}

void* coral_dl_program(void) { return NULL; }

void coral_dl_share(const char* path, char* text, size_t size) {
  (void)path;
  snprintf(text, size, "Windows has no functions that all libraries see");
}

void* coral_dl_symbol(void* library, const char* name, char* text,
                      size_t size) {
  text[0] = '\0';
  void* address = (void*)GetProcAddress((HMODULE)library, name);
  if (address == NULL) fetch_error(text, size);
  return address;
}

void coral_dl_close(void* library, char* text, size_t size) {
  text[0] = '\0';
  if (!FreeLibrary((HMODULE)library)) fetch_error(text, size);
}

void coral_dl_path(void* library, char* path, size_t size) {
  path[0] = '\0';
  wchar_t wide[WIDE_SIZE];
  DWORD n = GetModuleFileNameW((HMODULE)library, wide, WIDE_SIZE);
  if (n == 0 || n >= WIDE_SIZE) return;
  int length = WideCharToMultiByte(CP_UTF8, 0, wide, (int)n, path,
                                   (int)size - 1, NULL, NULL);
  path[length] = '\0';
}

/* The library that an address is in, with a reference of its own or without. */
static HMODULE library_at(void* address, DWORD reference) {
  HMODULE library = NULL;
  GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | reference,
                     (LPCSTR)address, &library);
  return library;
}

void coral_dl_path_at(void* address, char* path, size_t size) {
  path[0] = '\0';
  HMODULE library =
      library_at(address, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT);
  if (library != NULL) coral_dl_path((void*)library, path, size);
}

uintptr_t coral_dl_base_at(void* address) {
  return (uintptr_t)library_at(address,
                               GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT);
}

void coral_dl_keep_at(void* address) {
  library_at(address, GET_MODULE_HANDLE_EX_FLAG_PIN);
}

int coral_dl_privileged(void) { return 0; }
