#include "api.h"

struct edgetpu_device* coral_edgetpu_list(const coral_edgetpu_api* api,
                                          size_t* n) {
  *n = 0;
  return ((struct edgetpu_device * (*)(size_t*)) api->list_devices)(n);
}

void coral_edgetpu_free_list(const coral_edgetpu_api* api,
                             struct edgetpu_device* devices) {
  ((void (*)(struct edgetpu_device*))api->free_devices)(devices);
}

void* coral_edgetpu_create(const coral_edgetpu_api* api, int type,
                           const char* path,
                           const struct edgetpu_option* options, size_t n) {
  return ((void* (*)(int, const char*, const struct edgetpu_option*, size_t))
              api->create_delegate)(type, path, options, n);
}

void coral_edgetpu_free(const coral_edgetpu_api* api, void* delegate) {
  ((void (*)(void*))api->free_delegate)(delegate);
}

void coral_edgetpu_verbosity(const coral_edgetpu_api* api, int level) {
  ((void (*)(int))api->verbosity)(level);
}

const char* coral_edgetpu_version(const coral_edgetpu_api* api) {
  return ((const char* (*)(void))api->version)();
}
