/* What libedgetpu exports, over the simulation. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "delegate.h"
#include "manager.h"

/* Google's CHECK. */
static void check(bool holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "F edgetpu_c.cc Check failed: %s (simulation)\n", what);
  abort();
}

struct edgetpu_device* edgetpu_list_devices(size_t* num_devices) {
  check(num_devices != NULL, "num_devices");
  sim_device* devices[SIM_MAX_DEVICES];
  int n = sim_list(devices);
  struct edgetpu_device* list =
      n == 0 ? NULL : malloc((size_t)n * (sizeof *list + SIM_PATH));
  if (list == NULL) n = 0;
  char* paths = (char*)(list + n);
  for (int i = 0; i < n; i++, paths += SIM_PATH) {
    memcpy(paths, devices[i]->path, SIM_PATH);
    list[i].type = (enum edgetpu_device_type)devices[i]->type;
    list[i].path = paths;
  }
  *num_devices = (size_t)n;
  return list;
}

void edgetpu_free_devices(struct edgetpu_device* devices) { free(devices); }

tfl_delegate* edgetpu_create_delegate(enum edgetpu_device_type type,
                                      const char* name,
                                      const struct edgetpu_option* options,
                                      size_t num_options) {
  check(num_options == 0 || options != NULL, "options");
  check(num_options == 0 || name != NULL, "name");
  return sim_delegate_new(
      sim_context_open((int)type, name, options, num_options));
}

void edgetpu_free_delegate(tfl_delegate* delegate) { sim_delegate_free(delegate); }

void edgetpu_verbosity(int verbosity) {
  sim_control* c = sim_get();
  if (c != NULL && verbosity >= 0 && verbosity <= 10) {
    atomic_store(&c->verbosity, (unsigned)verbosity);
  }
}

static char version[64];
static pthread_once_t version_once = PTHREAD_ONCE_INIT;

static void make_version(void) {
  sim_control* c = sim_get();
  snprintf(version, sizeof version, "BuildLabel(simulation), RuntimeVersion(%u)",
           c == NULL ? 14 : (unsigned)c->runtime_version);
}

const char* edgetpu_version(void) {
  pthread_once(&version_once, make_version);
  return version;
}

/* --- the plugin interface --------------------------------------------------------- */

/* Reads TYPE:N; TYPE is "" for any. */
static bool match(const char* device, const char* type, int* index) {
  size_t n = strlen(type);
  if (strncmp(device, type, n) != 0 || device[n] != ':') return false;
  char* end;
  long i = strtol(device + n + 1, &end, 10);
  if (end == device + n + 1 || *end != '\0' || i < 0 || i >= SIM_MAX_DEVICES) return false;
  *index = (int)i;
  return true;
}

/* Opens the device with that number among those of the type. */
static sim_context* open_numbered(int type, int index, const struct edgetpu_option* o,
                                  size_t n) {
  sim_device* devices[SIM_MAX_DEVICES];
  int count = sim_list(devices);
  for (int i = 0; i < count; i++) {
    if (type != SIM_ANY && (int)devices[i]->type != type) continue;
    if (index-- == 0) {
      return sim_context_open((int)devices[i]->type, devices[i]->path, o, n);
    }
  }
  return NULL;
}

/* As Google's, it drops the options unless the device is given by its number. */
static sim_context* open_plugin(const struct edgetpu_option* o, size_t n) {
  const char* device = "";
  for (size_t i = 0; i < n; i++) {
    if (strcmp(o[i].name, "device") == 0) device = o[i].value;
  }
  int index;
  if (*device == '\0') return sim_context_open(SIM_ANY, NULL, NULL, 0);
  if (strcmp(device, "usb") == 0) return sim_context_open(SIM_USB, NULL, NULL, 0);
  if (strcmp(device, "pci") == 0) return sim_context_open(SIM_PCI, NULL, NULL, 0);
  if (match(device, "", &index)) return open_numbered(SIM_ANY, index, o, n);
  if (match(device, "usb", &index)) return open_numbered(SIM_USB, index, o, n);
  if (match(device, "pci", &index)) return open_numbered(SIM_PCI, index, o, n);
  return NULL;
}

tfl_delegate* tflite_plugin_create_delegate(char** keys, char** values, size_t n,
                                            void (*report)(const char*)) {
  (void)report; /* Google's never says anything */
  struct edgetpu_option* options = calloc(n + 1, sizeof *options);
  if (options == NULL) return NULL;
  for (size_t i = 0; i < n; i++) {
    options[i] = (struct edgetpu_option){keys[i], values[i]};
  }
  sim_context* c = open_plugin(options, n);
  free(options);
  return sim_delegate_new(c);
}

void tflite_plugin_destroy_delegate(tfl_delegate* delegate) {
  sim_delegate_free(delegate);
}
