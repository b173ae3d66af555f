/* The arithmetic: a cut of the CPU model, run with the TensorFlow Lite that uses the
 * delegate. */
#ifndef GOCORAL_SIM_TWIN_H_
#define GOCORAL_SIM_TWIN_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sim_twin sim_twin;

enum { SIM_TEXT = 512 };

/* Makes an interpreter for what a custom operator with those options computes. The
 * model is in the options, where edgetputest.Compile put it, or in the folder models
 * beside the library, where AddModel put it. runtime is an address in the TensorFlow
 * Lite that uses the delegate: a process may have more than one. NULL on failure, with
 * the reason in text. */
sim_twin* sim_twin_new(void* runtime, const void* options, size_t size, bool xnnpack,
                       char text[SIM_TEXT]);
void sim_twin_free(sim_twin*);

int sim_twin_inputs(const sim_twin*);
int sim_twin_outputs(const sim_twin*);

/* The memory of an input, or NULL. It may be read after a run, too: what is a
 * variable of the model is an input here. */
void* sim_twin_input(const sim_twin*, int index, size_t* bytes);
const void* sim_twin_output(const sim_twin*, int index, size_t* bytes);

/* Runs it; false on failure, with the reason in text. */
bool sim_twin_invoke(sim_twin*, char text[SIM_TEXT]);

#endif /* GOCORAL_SIM_TWIN_H_ */
