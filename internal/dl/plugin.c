#include "plugin.h"

#include <stdio.h>
#include <string.h>

typedef void (*report_fn)(const char* message);
typedef void* (*create_fn)(char** keys, char** values, size_t n,
                           report_fn report);
typedef void (*destroy_fn)(void* delegate);

/* The plugin's report function gets a message and nothing else, so where it
 * belongs must be known from elsewhere: by the thread, since several plugins may
 * be busy at once (libedgetpu can take half a minute to decline). A report from
 * another thread, or after the call, has no place to go and is dropped. */
typedef struct {
  char* text;
  size_t size;
} capture;

static _Thread_local capture* current;

static void report(const char* message) {
  capture* c = current;
  if (c == NULL || message == NULL) return;
  size_t used = strlen(c->text);
  snprintf(c->text + used, c->size - used, "%s%s", used > 0 ? "; " : "",
           message);
}

void* coral_plugin_create(void* create, char** keys, char** values, size_t n,
                          char* text, size_t size) {
  text[0] = '\0';
  capture c = {text, size};
  capture* outer = current;
  current = &c;
  void* delegate = ((create_fn)create)(keys, values, n, report);
  current = outer;
  return delegate;
}

void coral_plugin_destroy(void* destroy, void* delegate) {
  ((destroy_fn)destroy)(delegate);
}
