/* The C interface of libedgetpu (tflite/public/edgetpu_c.h), called through the
 * addresses of its functions: the library is opened at run time. */
#ifndef GOCORAL_LIBEDGETPU_API_H_
#define GOCORAL_LIBEDGETPU_API_H_

#include <stddef.h>

struct edgetpu_device {
  int type; /* 0 PCIe, 1 USB */
  const char* path;
};

struct edgetpu_option {
  const char* name;
  const char* value;
};

typedef struct {
  void* list_devices;
  void* free_devices;
  void* create_delegate;
  void* free_delegate;
  void* verbosity;
  void* version;
} coral_edgetpu_api;

struct edgetpu_device* coral_edgetpu_list(const coral_edgetpu_api*, size_t* n);
void coral_edgetpu_free_list(const coral_edgetpu_api*, struct edgetpu_device*);
void* coral_edgetpu_create(const coral_edgetpu_api*, int type, const char* path,
                           const struct edgetpu_option* options, size_t n);
void coral_edgetpu_free(const coral_edgetpu_api*, void* delegate);
void coral_edgetpu_verbosity(const coral_edgetpu_api*, int level);
const char* coral_edgetpu_version(const coral_edgetpu_api*);

#endif /* GOCORAL_LIBEDGETPU_API_H_ */
