/* What the options of an edgetpu-custom-op say, as far as the library acts on it: the
 * package that Google's compiler writes, executable.fbs. */
#ifndef GOCORAL_SIM_PACKAGE_H_
#define GOCORAL_SIM_PACKAGE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The minimum runtime version that the options ask for, 0 if none. */
uint32_t sim_package_runtime_version(const void* options, size_t size);

/* Whether the transfers of all executables are planned in the file ("fully deterministic
 * DMA hints"). Without that a USB device has to announce them. */
bool sim_package_deterministic(const void* options, size_t size);

#endif /* GOCORAL_SIM_PACKAGE_H_ */
