/* An adapter between a delegate compiled against TensorFlow Lite up to 2.9 and a
 * runtime of any version. See doc.go for what it mends and why this way. */
#ifndef GOCORAL_OLDABI_H_
#define GOCORAL_OLDABI_H_

typedef struct coral_oldabi coral_oldabi;

/* Returns an adapter, or NULL when there is no memory. A pointer to it is a
 * TfLiteDelegate* for the runtime. The original must outlive it, and it must
 * outlive every interpreter that was given it. */
coral_oldabi* coral_oldabi_wrap(void* original);

/* Whether the delegate has a Prepare function. One without is of the opaque kind,
 * which only newer runtimes know. */
int coral_oldabi_has_prepare(const void* original);

/* Notes the version of the runtime that was opened. */
void coral_oldabi_runtime(const char* version);

/* Frees the adapter, not the original. */
void coral_oldabi_free(coral_oldabi*);

#endif /* GOCORAL_OLDABI_H_ */
