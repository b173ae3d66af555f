/* The dynamic loader, with its error text.
 *
 * The loader keeps the text of a failure per thread, and Go moves goroutines
 * between threads from one call to the next. So every function here makes the call
 * and fetches its text in one go, into a buffer of the caller: always NUL ended,
 * cut where it is too small, empty on success. */
#ifndef GOCORAL_DL_H_
#define GOCORAL_DL_H_

#include <stddef.h>
#include <stdint.h>

/* NULL on failure. With alone, the library's own functions come before those of the same
 * name that the process shows already, where the platform can do that. */
void* coral_dl_open(const char* path, int alone, char* text, size_t size);

/* What the process shows to all its libraries: the program, what it links, and what was
 * opened for all. NULL where the platform has nothing of the kind. */
void* coral_dl_program(void);

/* Shows the functions of an open library to all. */
void coral_dl_share(const char* path, char* text, size_t size);
void* coral_dl_symbol(void* library, const char* name, char* text, size_t size);
void coral_dl_close(void* library, char* text, size_t size);
/* The path of an open library, "" where the platform does not tell. */
void coral_dl_path(void* library, char* path, size_t size);

/* The path of what the address is in, "" where the platform does not tell. */
void coral_dl_path_at(void* address, char* path, size_t size);

/* Where the library begins that the address is in, 0 where the platform does not tell. */
uintptr_t coral_dl_base_at(void* address);

/* Opens the library that the address is in once more, so that nobody can unload it. */
void coral_dl_keep_at(void* address);

/* Whether this process has rights that the user who started it has not. */
int coral_dl_privileged(void);

#endif /* GOCORAL_DL_H_ */
