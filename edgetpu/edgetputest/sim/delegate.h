/* The delegate: claims edgetpu-custom-op as Google's does. */
#ifndef GOCORAL_SIM_DELEGATE_H_
#define GOCORAL_SIM_DELEGATE_H_

#include "abi.h"
#include "manager.h"

/* Makes a delegate that owns a share of the context; NULL without one. */
tfl_delegate* sim_delegate_new(sim_context*);
void sim_delegate_free(tfl_delegate*);

#endif /* GOCORAL_SIM_DELEGATE_H_ */
