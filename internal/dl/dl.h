/* The dynamic loader, with its error text.
 *
 * The loader keeps the text of a failure per thread, and Go moves goroutines
 * between threads from one call to the next. So every function here makes the call
 * and fetches its text in one go, into a buffer of the caller: always NUL ended,
 * cut where it is too small, empty on success. */
#ifndef GOCORAL_DL_H_
#define GOCORAL_DL_H_

#include <stddef.h>

/* NULL on failure. */
void* coral_dl_open(const char* path, char* text, size_t size);
void* coral_dl_symbol(void* library, const char* name, char* text, size_t size);
void coral_dl_close(void* library, char* text, size_t size);
/* The path of an open library, "" where the platform does not tell. */
void coral_dl_path(void* library, char* path, size_t size);

#endif /* GOCORAL_DL_H_ */
