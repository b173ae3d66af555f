/* Uses the simulated library from C, as a program written for Google's would, without
 * TensorFlow Lite. It prints one line per thing that is wrong.
 *
 *   harness LIBRARY          one thing after the other
 *   harness LIBRARY threads  many at the same time, while devices come and go
 *   harness LIBRARY TRAP     one of the calls that end the process */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/abi.h"

static int failures;
#define CHECK(condition)                                     \
  do {                                                       \
    if (!(condition)) {                                      \
      printf("line %d: not so: %s\n", __LINE__, #condition); \
      __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);    \
    }                                                        \
  } while (0)

static struct edgetpu_device* (*list)(size_t*);
static void (*free_list)(struct edgetpu_device*);
static tfl_delegate* (*create)(enum edgetpu_device_type, const char*,
                               const struct edgetpu_option*, size_t);
static void (*free_delegate)(tfl_delegate*);
static void (*verbosity)(int);
static const char* (*version)(void);
static tfl_delegate* (*plugin_create)(char**, char**, size_t, void (*)(const char*));
static void (*plugin_destroy)(tfl_delegate*);

static void find(void* library, void* function, const char* name) {
  void* address = dlsym(library, name);
  if (address == NULL) {
    printf("no symbol %s\n", name);
    exit(1);
  }
  memcpy(function, &address, sizeof address);
}

static void load(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    printf("%s\n", dlerror());
    exit(1);
  }
  find(library, &list, "edgetpu_list_devices");
  find(library, &free_list, "edgetpu_free_devices");
  find(library, &create, "edgetpu_create_delegate");
  find(library, &free_delegate, "edgetpu_free_delegate");
  find(library, &verbosity, "edgetpu_verbosity");
  find(library, &version, "edgetpu_version");
  find(library, &plugin_create, "tflite_plugin_create_delegate");
  find(library, &plugin_destroy, "tflite_plugin_destroy_delegate");
}

static void run_once(void) {
  size_t n = 99;
  struct edgetpu_device* devices = list(&n);
  CHECK(n == 2);
  CHECK(devices[0].type == EDGETPU_APEX_PCI);
  CHECK(strcmp(devices[0].path, "/dev/apex_0") == 0);
  CHECK(devices[1].type == EDGETPU_APEX_USB);
  CHECK(strcmp(devices[1].path, "/sys/bus/usb/devices/2-1") == 0);
  CHECK(strcmp(version(), "BuildLabel(simulation), RuntimeVersion(14)") == 0);
  verbosity(3);
  verbosity(11);
  verbosity(-1);

  struct edgetpu_option option = {"Performance", "High"};
  tfl_delegate* by_path = create(devices[1].type, devices[1].path, &option, 1);
  tfl_delegate* again = create(devices[1].type, devices[1].path, NULL, 0);
  tfl_delegate* any = create(EDGETPU_APEX_USB, NULL, NULL, 0);
  free_list(devices);
  CHECK(by_path != NULL && again != NULL && any != NULL);
  CHECK(by_path != again);
  CHECK(by_path->data != NULL && by_path->prepare != NULL);
  CHECK(by_path->flags == ALLOW_DYNAMIC_TENSORS);
  CHECK(by_path->copy_from_buffer_handle == NULL);
  free_delegate(by_path);
  free_delegate(any);
  free_delegate(again);
  free_delegate(NULL);
  free_list(NULL);

  char* keys[] = {(char*)"device", (char*)"Performance"};
  char* values[] = {(char*)"pci:0", (char*)"Low"};
  tfl_delegate* plugged = plugin_create(keys, values, 2, NULL);
  CHECK(plugged != NULL);
  plugin_destroy(plugged);
  plugin_destroy(NULL);
  plugged = plugin_create(NULL, NULL, 0, NULL);
  CHECK(plugged != NULL);
  plugin_destroy(plugged);
}

/* Devices come and go meanwhile, so nothing is certain but that it goes on. */
static void* run_often(void* unused) {
  (void)unused;
  for (int i = 0; i < 200; i++) {
    size_t n = 0;
    struct edgetpu_device* devices = list(&n);
    tfl_delegate* d = NULL;
    if (n > 0) d = create(devices[i % n].type, devices[i % n].path, NULL, 0);
    tfl_delegate* any = create(EDGETPU_APEX_PCI, NULL, NULL, 0);
    free_list(devices);
    free_delegate(d);
    free_delegate(any);
    CHECK(strstr(version(), "simulation") != NULL);
  }
  return NULL;
}

static void run_threads(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, run_often, NULL);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  load(argv[1]);
  const char* what = argc > 2 ? argv[2] : "once";
  struct edgetpu_option option = {"Performance", "High"};
  if (strcmp(what, "once") == 0) run_once();
  if (strcmp(what, "threads") == 0) run_threads();
  if (strcmp(what, "options without a name") == 0) {
    create(EDGETPU_APEX_USB, NULL, &option, 1);
  }
  if (strcmp(what, "no options") == 0) create(EDGETPU_APEX_USB, "x", NULL, 1);
  if (strcmp(what, "no count") == 0) list(NULL);
  return failures > 0;
}
