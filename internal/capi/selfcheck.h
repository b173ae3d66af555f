/* Whether the structures of a runtime are those that are known of its version. */
#ifndef GOCORAL_SELFCHECK_H_
#define GOCORAL_SELFCHECK_H_

#include <stddef.h>

/* Makes an interpreter of the model (that of tflitelib: one custom operator of the
 * name and options below, an int8 input of shape 1,2 with signature -1,2, scales and
 * zero points per channel), and writes what is not as expected into text, joined by
 * "; ": nothing where all is well.
 *
 * No pointer that comes from a structure is followed before the memory behind it is
 * known to be there, nor called before it is known to lead into the library. Not looked
 * at: what a runtime keeps in nodes that a delegate has taken, TfLiteDelegate, and
 * fields that are read nowhere.
 *
 * Returns an errno, and calls nothing, where it cannot look; 0 otherwise. */
int coral_selfcheck(const void* model, size_t size, char* text, size_t room);

#define CORAL_SELFCHECK_OPERATOR "CoralSelfCheck"
#define CORAL_SELFCHECK_OPTIONS "abi"

#endif /* GOCORAL_SELFCHECK_H_ */
