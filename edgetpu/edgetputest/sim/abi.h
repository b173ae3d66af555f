/* The simulation's two faces: what libedgetpu exports (edgetpu_c.h and the plugin
 * interface), and what TensorFlow Lite hands to a delegate.
 *
 * The structures are those of TensorFlow 2.5, which Google's libedgetpu 16.0 was
 * built with, and are declared here on purpose: a newer runtime meets in this
 * library the very differences it meets in Google's. */
#ifndef GOCORAL_SIM_ABI_H_
#define GOCORAL_SIM_ABI_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- TensorFlow Lite, as of 2.5 ------------------------------------------------- */

typedef enum { STATUS_OK = 0, STATUS_ERROR = 1 } status; /* TfLiteStatus */

typedef struct tfl_context tfl_context;
typedef struct tfl_delegate tfl_delegate;
typedef struct tfl_node tfl_node;

typedef struct {
  int size;
  int data[];
} int_array;

/* TfLiteTensor up to the fields that are used. It has grown at its end. */
typedef struct {
  int type;
  void* data;
  int_array* dims;
  struct {
    float scale;
    int32_t zero_point;
  } params;
  int allocation_type;
  size_t bytes;
  const void* allocation;
  const char* name;
  tfl_delegate* delegate;
  int buffer_handle;
  bool data_is_stale;
  bool is_variable;
  struct {
    int type;
    void* params;
  } quantization;
  void* sparsity;
  const int_array* dims_signature;
} tfl_tensor;

struct tfl_node {
  int_array* inputs;
  int_array* outputs;
  int_array* intermediates;
  int_array* temporaries;
  void* user_data;
  void* builtin_data;
  const void* custom_initial_data;
  int custom_initial_data_size;
  tfl_delegate* delegate;
};

/* TfLiteRegistration: 64 bytes (32 on 32-bit platforms), and 88 (48) today. */
typedef struct {
  void* (*init)(tfl_context*, const char* buffer, size_t length);
  void (*free)(tfl_context*, void* user_data);
  status (*prepare)(tfl_context*, tfl_node*);
  status (*invoke)(tfl_context*, tfl_node*);
  const char* (*profiling_string)(const tfl_context*, const tfl_node*);
  int32_t builtin_code;
  const char* custom_name;
  int version;
} tfl_registration;

/* TfLiteDelegate: without the opaque_delegate_builder that follows today. */
struct tfl_delegate {
  void* data;
  status (*prepare)(tfl_context*, tfl_delegate*);
  void* copy_from_buffer_handle;
  void* copy_to_buffer_handle;
  void* free_buffer_handle;
  int64_t flags;
};

enum { ALLOW_DYNAMIC_TENSORS = 1 };

/* TfLiteDelegateParams, which a kernel's init is given as its buffer. */
typedef struct {
  tfl_delegate* delegate;
  int_array* nodes_to_replace;
  int_array* input_tensors;
  int_array* output_tensors;
} tfl_delegate_params;

/* TfLiteContext up to the last function that is used. */
struct tfl_context {
  size_t tensors_size;
  status (*get_execution_plan)(tfl_context*, int_array**);
  tfl_tensor* tensors;
  void* impl;
  status (*resize_tensor)(tfl_context*, tfl_tensor*, int_array*);
  void (*report_error)(tfl_context*, const char* format, ...);
  status (*add_tensors)(tfl_context*, int count, int* first);
  status (*get_node_and_registration)(tfl_context*, int node, tfl_node**,
                                      tfl_registration**);
  void* replace_node_subsets; /* takes a tfl_registration by value */
};

_Static_assert(sizeof(void*) != 8 || sizeof(tfl_registration) == 64,
               "TfLiteRegistration of TensorFlow 2.5");
_Static_assert(sizeof(void*) != 8 || sizeof(tfl_delegate) == 48,
               "TfLiteDelegate of TensorFlow 2.5");

/* --- edgetpu_c.h ------------------------------------------------------------------ */

#define EXPORT __attribute__((visibility("default")))

enum edgetpu_device_type { EDGETPU_APEX_PCI = 0, EDGETPU_APEX_USB = 1 };

struct edgetpu_device {
  enum edgetpu_device_type type;
  const char* path;
};

struct edgetpu_option {
  const char* name;
  const char* value;
};

EXPORT struct edgetpu_device* edgetpu_list_devices(size_t* num_devices);
EXPORT void edgetpu_free_devices(struct edgetpu_device* devices);
EXPORT tfl_delegate* edgetpu_create_delegate(enum edgetpu_device_type type,
                                             const char* name,
                                             const struct edgetpu_option*,
                                             size_t num_options);
EXPORT void edgetpu_free_delegate(tfl_delegate* delegate);
EXPORT void edgetpu_verbosity(int verbosity);
EXPORT const char* edgetpu_version(void);

EXPORT tfl_delegate* tflite_plugin_create_delegate(
    char** keys, char** values, size_t n, void (*report)(const char*));
EXPORT void tflite_plugin_destroy_delegate(tfl_delegate* delegate);

#endif /* GOCORAL_SIM_ABI_H_ */
