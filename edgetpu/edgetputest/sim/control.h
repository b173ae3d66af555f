/* The control file: what the simulated devices are like, and what happened to them.
 *
 * It is the file "control" beside the library, mapped by every process that has the
 * library loaded and by the Go package that made it, whose control.go has the same
 * layout. What changes while it is in use is atomic. */
#ifndef GOCORAL_SIM_CONTROL_H_
#define GOCORAL_SIM_CONTROL_H_

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { SIM_MAGIC = 0x31534d53, SIM_MAX_DEVICES = 16, SIM_PATH = 64 };

/* What happens to the call that runs into the loss of its device. */
enum { REACT_ERROR = 0, REACT_ABORT = 1, REACT_HANG = 2 };

enum fault {
  FAULT_NONE = 0,
  /* when the device is opened */
  FAULT_CREATE_FAILS = 1,
  FAULT_CREATE_BLOCKS = 2,
  FAULT_BUSY = 3,
  /* during an inference */
  FAULT_INVOKE_FAILS = 4,
  FAULT_INVOKE_HANGS = 5,
  FAULT_INVOKE_ABORTS = 6,
  FAULT_INVOKE_CORRUPTS = 7,
  FAULT_UNPLUG = 8,
  /* between inferences */
  FAULT_IDLE_ABORTS = 9,
  /* during an inference, too */
  FAULT_UNPLUG_HANGS = 10,
};

typedef struct {
  char path[SIM_PATH]; /* as libedgetpu names it */
  uint32_t type;       /* enum edgetpu_device_type */
  uint32_t bus;        /* USB only */

  atomic_uint present;
  atomic_uint initialised;  /* the firmware is loaded */
  atomic_uint devnum;       /* USB only: the number of its node */
  atomic_uint generation;   /* counts how often it came and went */
  atomic_uint re_enumerate; /* asked for by the library, done by the Go side */
  atomic_uint reaction;
  atomic_uint latency_us; /* the least an inference takes */

  atomic_uint fault;
  atomic_uint fault_after; /* so many go well first */
  atomic_uint fault_times; /* and so many go wrong then, 0 for all */
  atomic_uint fault_ms;    /* instead of Google's wait, where there is one */

  atomic_uint owner;     /* process that has it open */
  atomic_uint executing; /* process of the inference in progress */
  atomic_uint last;      /* process of the last one */

  /* As of the last opening. */
  atomic_uint performance; /* 1 to 4 for Low to Max, 0 if not given */
  atomic_uint always_dfu;
  atomic_uint bulk_in; /* the length of the queue + 1, 0 if not given */

  /* USB only: process of another program's that has claimed the interface through
   * usbfs. The Go side sets it; a reset of the device takes it away. */
  atomic_uint claimant;

  atomic_uint shown; /* process that sysfs shows to have the device; by the Go side */
  atomic_uint reserved;

  atomic_ullong creates;    /* delegates asked for */
  atomic_ullong opens;      /* times it was opened for that */
  atomic_ullong inferences; /* that ended well */
  atomic_ullong failures;   /* that did not */
  atomic_ullong resets;        /* of the USB port */
  atomic_ullong broken_claims; /* resets that took the device from somebody */
} sim_device;

typedef struct {
  uint32_t magic;
  uint32_t size; /* of this structure */
  uint32_t runtime_version;
  uint32_t xnnpack;       /* the backend: 0 built-in kernels, 1 XNNPACK */
  uint32_t scale_ppm;     /* Google's waits are multiplied by this / 1,000,000 */
  uint32_t open_us;       /* how long a good opening takes */
  uint32_t device_count;
  atomic_uint closed;     /* the simulation is over */
  atomic_uint verbosity;
  atomic_uint misuses;    /* calls that are undefined behaviour in Google's */
  uint32_t reserved[6];
  sim_device devices[SIM_MAX_DEVICES];
} sim_control;

_Static_assert(sizeof(atomic_uint) == 4 && sizeof(atomic_ullong) == 8,
               "layout shared with control.go");
_Static_assert(sizeof(sim_device) == 200, "layout shared with control.go");
_Static_assert(sizeof(sim_control) == 64 + SIM_MAX_DEVICES * 200,
               "layout shared with control.go");

/* The control file of this library; NULL if it has none, or one of another layout. */
sim_control* sim_get(void);

/* The folder of the library, "" if that cannot be found out. */
const char* sim_dir(void);

/* Whether the simulation goes on. */
bool sim_open(void);

/* Whether USB_ENABLE_BULK_DESCRIPTORS_FROM_DEVICE was set when the library was loaded,
 * which is when Google's reads it. */
bool sim_descriptors_from_device(void);

/* Waits as long as Google's library would, scaled, or until the simulation ends. */
void sim_google_wait(uint32_t milliseconds);

/* Waits for as long as that, or until the simulation ends. */
void sim_wait_us(uint64_t microseconds);

/* Counts a call that would be undefined behaviour, and says so on standard error. */
void sim_misuse(const char* what);

/* Takes one occurrence of the fault, if it is set and its time has come. */
bool sim_take(sim_device*, enum fault);

/* How long to wait for the fault in milliseconds: what was set, or google scaled. */
void sim_fault_wait(sim_device*, uint32_t google_ms);

uint64_t sim_now_us(void); /* monotonic */

#endif /* GOCORAL_SIM_CONTROL_H_ */
