/* The two functions that a TensorFlow Lite delegate plugin exports
 * (tensorflow/lite/delegates/external), called through their addresses. */
#ifndef GOCORAL_PLUGIN_H_
#define GOCORAL_PLUGIN_H_

#include <stddef.h>

/* Calls tflite_plugin_create_delegate. What the plugin reports on this thread
 * during the call goes into text: NUL ended, messages joined by "; ", cut where it
 * is too small. Returns the delegate, or NULL when the plugin declines. */
void* coral_plugin_create(void* create, char** keys, char** values, size_t n,
                          char* text, size_t size);

/* Calls tflite_plugin_destroy_delegate. */
void coral_plugin_destroy(void* destroy, void* delegate);

#endif /* GOCORAL_PLUGIN_H_ */
