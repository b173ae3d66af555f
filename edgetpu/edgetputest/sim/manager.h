/* The devices that this process has open. As in Google's library there is one device
 * context for all delegates of a device, whose options are those of the first. */
#ifndef GOCORAL_SIM_MANAGER_H_
#define GOCORAL_SIM_MANAGER_H_

#include "abi.h"
#include "control.h"

typedef struct sim_context sim_context;

enum { SIM_PCI = EDGETPU_APEX_PCI, SIM_USB = EDGETPU_APEX_USB, SIM_ANY = -1 };

/* The attached devices in the order of Google's library: PCIe ones as their folder
 * lists them (here backwards, since any order can be), then USB ones without
 * firmware, then the other USB ones. Returns how many. */
int sim_list(sim_device* devices[SIM_MAX_DEVICES]);

/* Opens the device of that path, or shares it if this process has it open. Without a
 * path it is one that is open already, else the first that is not, of the type. NULL
 * on any failure. */
sim_context* sim_context_open(int type, const char* path,
                              const struct edgetpu_option*, size_t n);

/* Gives a share back. */
void sim_context_close(sim_context*);

sim_device* sim_context_device(sim_context*);

/* Begins and ends the use of the device, which one caller has at a time: the next one
 * waits, for ever if the first never ends. begin reports whether the device is there. */
bool sim_context_begin(sim_context*);
void sim_context_end(sim_context*);

/* Waits, in use of the device, until the time is reached (UINT64_MAX: never) or the
 * device is lost. Reports whether the device is still there. */
bool sim_context_wait(sim_context*, uint64_t until_us);

/* Has the library's own thread end the process with Google's last words. */
void sim_context_abort(sim_context*, const char* words);

/* What happens to a call that finds the device lost: it does not return, where the
 * device is set to abort or to hang, or else fails with the text returned. */
const char* sim_context_lost(sim_context*);

/* Unplugs the device. */
void sim_context_unplug(sim_context*);

/* Unplugs the device in such a way that the library's own thread does not abort but
 * just ends, since it could not wait for the next event. The call that is made then,
 * and those after it, do not return before the simulation ends. */
const char* sim_context_unplug_silently(sim_context*);

#endif /* GOCORAL_SIM_MANAGER_H_ */
