#define _GNU_SOURCE
#include "manager.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct sim_context {
  sim_context* next;
  sim_device* device;
  unsigned generation; /* of the device when it was opened */
  int users;           /* delegates */
  int lock;            /* the file that keeps other processes off, -1 for none */
  int node;            /* the device node, by which the kernel shows who has it */

  pthread_mutex_t use; /* held during an inference */
  atomic_bool used;    /* somebody holds it */

  /* The library's own thread, which notices what happens to an idle device. */
  pthread_t watcher;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  bool closing;
  bool lost;
  bool deaf; /* the thread that Google's library would have here has ended */
  const char* last_words;
};

/* Google's manager has one mutex, and holds it while a device is opened or closed. */
static pthread_mutex_t manager = PTHREAD_MUTEX_INITIALIZER;
static sim_context* contexts;

static const char unplugged_words[] =
    "F usb_driver.cc:1148 HandleQueuedBulkIn transfer in failed. Not found: USB "
    "transfer error 5";

/* --- the watcher ------------------------------------------------------------------- */

static bool is_lost(const sim_context* c) {
  return atomic_load(&c->device->present) == 0 ||
         atomic_load(&c->device->generation) != c->generation;
}

static void end_process(const char* words) {
  fprintf(stderr, "%s (simulation)\n", words);
  abort();
}

/* A condition variable's deadline a millisecond ahead. */
static struct timespec soon(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += 1000000;
  if (t.tv_nsec >= 1000000000) {
    t.tv_nsec -= 1000000000;
    t.tv_sec++;
  }
  return t;
}

/* Waits until sysfs shows that this process has the device, or that it has not any more,
 * as it does when a system call returns that claims or releases one. */
static void wait_shown(sim_device* d, bool owned) {
  unsigned self = (unsigned)getpid();
  uint64_t end = sim_now_us() + 1000000;
  while (sim_open() && atomic_load(&d->present) && sim_now_us() < end &&
         (atomic_load(&d->shown) == self) != owned) {
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
  }
}

/* Gives back what keeps other processes off. The kernel does so as soon as the device
 * is gone, whatever the process does. */
static void give_back(sim_context* c) {
  if (c->lock < 0) return;
  unsigned self = (unsigned)getpid();
  atomic_compare_exchange_strong(&c->device->owner, &self, 0);
  close(c->lock);
  close(c->node);
  c->lock = -1;
}

/* Whether the loss of the device ends the process. */
static bool loss_aborts(const sim_context* c) {
  if (c->deaf || !sim_open()) return false;
  switch (atomic_load(&c->device->reaction)) {
    case REACT_ABORT: return true;
    case REACT_HANG: return !atomic_load(&c->used); /* an idle one always aborts */
    default: return false;
  }
}

static void* watch(void* context) {
  sim_context* c = context;
  sim_device* d = c->device;
  pthread_mutex_lock(&c->mutex);
  while (!c->closing) {
    if (c->last_words != NULL) end_process(c->last_words);
    if (!c->lost && is_lost(c)) {
      c->lost = true;
      if (loss_aborts(c)) end_process(unplugged_words);
      give_back(c);
      pthread_cond_broadcast(&c->changed);
    }
    if (!c->lost && atomic_load(&d->executing) == 0 && sim_take(d, FAULT_IDLE_ABORTS)) {
      end_process("F usb_driver.cc:446 HIB Error");
    }
    struct timespec deadline = soon();
    pthread_cond_timedwait(&c->changed, &c->mutex, &deadline);
  }
  pthread_mutex_unlock(&c->mutex);
  return NULL;
}

/* --- listing ------------------------------------------------------------------------ */

static int list(sim_device* devices[SIM_MAX_DEVICES]) {
  sim_control* c = sim_get();
  int n = 0;
  if (!sim_open()) return 0;
  for (int i = (int)c->device_count - 1; i >= 0; i--) {
    sim_device* d = &c->devices[i];
    if (d->type == SIM_PCI && atomic_load(&d->present)) devices[n++] = d;
  }
  for (unsigned initialised = 0; initialised <= 1; initialised++) {
    for (unsigned i = 0; i < c->device_count; i++) {
      sim_device* d = &c->devices[i];
      if (d->type == SIM_USB && atomic_load(&d->present) &&
          atomic_load(&d->initialised) == initialised) {
        devices[n++] = d;
      }
    }
  }
  return n;
}

int sim_list(sim_device* devices[SIM_MAX_DEVICES]) {
  pthread_mutex_lock(&manager);
  int n = list(devices);
  pthread_mutex_unlock(&manager);
  return n;
}

/* --- options ------------------------------------------------------------------------ */

typedef struct {
  unsigned performance, always_dfu, bulk_in;
} options;

/* Reads what Google's library knows, and ignores, as it does, what it does not. */
static bool parse_options(const struct edgetpu_option* o, size_t n, options* parsed) {
  static const char* const clocks[] = {"Low", "Medium", "High", "Max"};
  *parsed = (options){0};
  for (size_t i = 0; i < n; i++) {
    const char* value = o[i].value;
    if (strcmp(o[i].name, "Performance") == 0) {
      unsigned clock = 0;
      while (clock < 4 && strcmp(value, clocks[clock]) != 0) clock++;
      if (clock == 4) return false;
      parsed->performance = clock + 1;
    } else if (strcmp(o[i].name, "Usb.AlwaysDfu") == 0) {
      parsed->always_dfu = strcmp(value, "True") == 0;
      if (!parsed->always_dfu && strcmp(value, "False") != 0) return false;
    } else if (strcmp(o[i].name, "Usb.MaxBulkInQueueLength") == 0) {
      char* end;
      errno = 0;
      long length = strtol(value, &end, 10);
      if (errno != 0 || end == value || *end != '\0') return false;
      if (length < 0 || length > 256) return false;
      parsed->bulk_in = (unsigned)length + 1;
    }
  }
  return true;
}

/* --- opening ------------------------------------------------------------------------- */

enum { NODE = PATH_MAX + 64 };

static void node_path(sim_device* d, char node[NODE]) {
  if (d->type == SIM_USB) {
    snprintf(node, NODE, "%s/root/dev/bus/usb/%03u/%03u", sim_dir(), d->bus,
             atomic_load(&d->devnum));
  } else {
    snprintf(node, NODE, "%s/root%s", sim_dir(), d->path);
  }
}

/* Whether the device is there and its node may be opened. */
static bool reachable(sim_device* d) {
  if (atomic_load(&d->present) == 0) return false;
  char node[NODE];
  node_path(d, node);
  return access(node, R_OK | W_OK) == 0;
}

/* Google's library looks 25 times, with a second between. */
static bool wait_reachable(sim_device* d) {
  for (int tries = 25; tries > 0 && sim_open(); tries--) {
    if (reachable(d)) return true;
    sim_google_wait(1000);
  }
  return false;
}

/* Claims the device for this process, as a USB interface or a PCIe node is claimed.
 * The kernel gives it back when the process ends, and tells the Go side who has it
 * without a lock of its own, which an flock would need. */
static int lock_file(sim_device* d) {
  char path[PATH_MAX + 32];
  snprintf(path, sizeof path, "%s/locks/%d", sim_dir(),
           (int)(d - sim_get()->devices));
  return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
}

static int claim(sim_device* d) {
  int fd = lock_file(d);
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (fd >= 0 && fcntl(fd, F_SETLK, &whole) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

/* Claims the device, if need be once the process from which a reset has taken it has
 * noticed that. */
static int claim_soon(sim_device* d) {
  int lock = claim(d);
  for (int tries = 100; lock < 0 && d->type == SIM_USB && tries > 0 && sim_open(); tries--) {
    sim_wait_us(1000);
    lock = claim(d);
  }
  return lock;
}

/* Whether another process has the device now. Its number stays in owner until the Go side
 * notices that it has ended; the kernel knows at once. This process must not have the
 * device: closing the file would give that back. */
static bool claimed_elsewhere(sim_device* d) {
  int fd = lock_file(d);
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  bool taken = fd >= 0 && fcntl(fd, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
  if (fd >= 0) close(fd);
  return taken;
}

/* Resets the port, as Google's library does whenever it opens a device. The kernel then
 * takes the interface from whoever has claimed it: another program, to which the Go side
 * does that, or another process with this library, which loses the device. */
static void reset_port(sim_device* d) {
  if (d->type != SIM_USB) return;
  atomic_fetch_add(&d->resets, 1);
  unsigned owner = atomic_load(&d->owner);
  bool owned =
      owner != 0 && owner != (unsigned)getpid() && claimed_elsewhere(d);
  if (owned) atomic_fetch_add(&d->generation, 1);
  if (atomic_exchange(&d->claimant, 0) != 0 || owned) {
    atomic_fetch_add(&d->broken_claims, 1);
  }
}

/* Downloads the firmware: the device leaves the bus and comes back as another one.
 * The Go side plays the kernel's part in that. */
static bool load_firmware(sim_device* d) {
  sim_google_wait(1000);
  reset_port(d);
  atomic_store(&d->re_enumerate, 1);
  uint64_t end = sim_now_us() + 5000000;
  while (atomic_load(&d->re_enumerate) != 0) {
    if (!sim_open() || sim_now_us() > end) return false;
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
  }
  return true;
}

static sim_context* new_context(sim_device* d, unsigned generation, int lock) {
  sim_context* c = calloc(1, sizeof *c);
  if (c == NULL) return NULL;
  char node[NODE];
  node_path(d, node);
  c->device = d;
  c->generation = generation;
  c->lock = lock;
  c->node = open(node, O_RDWR | O_CLOEXEC);
  pthread_mutex_init(&c->use, NULL);
  pthread_mutex_init(&c->mutex, NULL);
  pthread_cond_init(&c->changed, NULL);
  if (pthread_create(&c->watcher, NULL, watch, c) != 0) {
    close(c->node);
    free(c);
    return NULL;
  }
  return c;
}

/* What happens between the claim and the ready context. */
static bool start_device(sim_device* d, unsigned generation, const options* o) {
  bool load = !atomic_load(&d->initialised) || o->always_dfu;
  if (d->type == SIM_USB && load && !load_firmware(d)) return false;
  sim_wait_us(sim_get()->open_us);
  if (atomic_load(&d->present) && atomic_load(&d->generation) == generation) return true;
  sim_google_wait(5000); /* looks for it on the bus */
  return false;
}

static sim_context* open_device(sim_device* d, const options* o) {
  if (sim_take(d, FAULT_CREATE_FAILS)) return NULL;
  if (sim_take(d, FAULT_CREATE_BLOCKS)) {
    reset_port(d);
    sim_fault_wait(d, 32000);
    return NULL;
  }
  if (!wait_reachable(d)) return NULL;
  reset_port(d);
  unsigned generation = atomic_load(&d->generation);
  int lock = sim_take(d, FAULT_BUSY) ? -1 : claim_soon(d);
  if (lock < 0) {
    sim_fault_wait(d, 2000);
    return NULL;
  }
  atomic_store(&d->owner, (unsigned)getpid());
  sim_context* c = NULL;
  if (start_device(d, generation, o)) c = new_context(d, generation, lock);
  if (c == NULL) {
    atomic_store(&d->owner, 0);
    close(lock);
    wait_shown(d, false);
    return NULL;
  }
  atomic_store(&d->performance, o->performance);
  atomic_store(&d->always_dfu, o->always_dfu);
  atomic_store(&d->bulk_in, o->bulk_in);
  atomic_fetch_add(&d->opens, 1);
  wait_shown(d, true);
  return c;
}

/* Lets go of the device. */
static void release(sim_context* c) {
  pthread_mutex_lock(&c->mutex); /* the watcher does the same */
  give_back(c);
  pthread_mutex_unlock(&c->mutex);
  wait_shown(c->device, false);
}

static void unlink_context(sim_context* c) {
  for (sim_context** at = &contexts; *at != NULL; at = &(*at)->next) {
    if (*at == c) {
      *at = c->next;
      return;
    }
  }
}

/* Forgets contexts whose device has gone, so that it can be opened again when it is
 * back; those who still use them get errors. */
static void forget_lost(void) {
  for (sim_context *c = contexts, *next; c != NULL; c = next) {
    next = c->next;
    if (is_lost(c)) {
      unlink_context(c);
      release(c);
    }
  }
}

static sim_context* find_open(int type, const char* path) {
  for (sim_context* c = contexts; c != NULL; c = c->next) {
    if ((int)c->device->type == type &&
        (path == NULL || strcmp(path, c->device->path) == 0)) {
      return c;
    }
  }
  return NULL;
}

static sim_device* find_unopened(int type) {
  sim_device* devices[SIM_MAX_DEVICES];
  int n = list(devices);
  for (int i = 0; i < n; i++) {
    if ((int)devices[i]->type == type && find_open(type, devices[i]->path) == NULL) {
      return devices[i];
    }
  }
  return NULL;
}

static sim_device* find_device(int type, const char* path) {
  sim_control* control = sim_get();
  for (unsigned i = 0; i < control->device_count; i++) {
    sim_device* d = &control->devices[i];
    if ((int)d->type == type && strcmp(d->path, path) == 0) return d;
  }
  return NULL;
}

static sim_context* open_locked(int type, const char* path,
                                const struct edgetpu_option* o, size_t n) {
  forget_lost();
  int first = type == SIM_ANY ? SIM_PCI : type;
  int last = type == SIM_ANY ? SIM_USB : type;
  for (int t = first; t <= last; t++) {
    sim_context* c = find_open(t, path);
    if (c == NULL) continue;
    atomic_fetch_add(&c->device->creates, 1);
    c->users++;
    return c;
  }
  sim_device* d = NULL;
  for (int t = first; t <= last && d == NULL; t++) {
    d = path == NULL ? find_unopened(t) : find_device(t, path);
  }
  if (d != NULL) atomic_fetch_add(&d->creates, 1);
  options parsed;
  if (!parse_options(o, n, &parsed)) return NULL;
  if (d == NULL) {
    if (path != NULL) sim_google_wait(25000); /* no such device, ever */
    return NULL;
  }
  sim_context* c = open_device(d, &parsed);
  if (c == NULL) return NULL;
  c->users = 1;
  c->next = contexts;
  contexts = c;
  return c;
}

sim_context* sim_context_open(int type, const char* path,
                              const struct edgetpu_option* o, size_t n) {
  if (!sim_open()) return NULL;
  pthread_mutex_lock(&manager);
  sim_context* c = open_locked(type, path, o, n);
  pthread_mutex_unlock(&manager);
  return c;
}

void sim_context_close(sim_context* c) {
  pthread_mutex_lock(&manager);
  /* Google's library takes this one too, so a hanging inference hangs the close, and
   * with it everything else. */
  pthread_mutex_lock(&c->use);
  bool last = --c->users == 0;
  pthread_mutex_unlock(&c->use);
  if (last) {
    unlink_context(c);
    pthread_mutex_lock(&c->mutex);
    c->closing = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->mutex);
    pthread_join(c->watcher, NULL);
    release(c);
  }
  pthread_mutex_unlock(&manager);
  if (!last) return;
  pthread_mutex_destroy(&c->use);
  pthread_mutex_destroy(&c->mutex);
  pthread_cond_destroy(&c->changed);
  free(c);
}

/* --- use ------------------------------------------------------------------------------ */

sim_device* sim_context_device(sim_context* c) { return c->device; }

bool sim_context_begin(sim_context* c) {
  pthread_mutex_lock(&c->use);
  atomic_store(&c->used, true);
  return sim_open() && !is_lost(c);
}

void sim_context_end(sim_context* c) {
  atomic_store(&c->used, false);
  pthread_mutex_unlock(&c->use);
}

bool sim_context_wait(sim_context* c, uint64_t until_us) {
  pthread_mutex_lock(&c->mutex);
  bool there;
  for (;;) {
    there = !is_lost(c) && sim_open();
    uint64_t now = sim_now_us();
    if (!there || now >= until_us) break;
    if (until_us - now <= 1000) { /* the condition is not that exact */
      pthread_mutex_unlock(&c->mutex);
      sim_wait_us(until_us - now);
      pthread_mutex_lock(&c->mutex);
      continue;
    }
    struct timespec deadline = soon();
    pthread_cond_timedwait(&c->changed, &c->mutex, &deadline);
  }
  pthread_mutex_unlock(&c->mutex);
  return there;
}

void sim_context_abort(sim_context* c, const char* words) {
  pthread_mutex_lock(&c->mutex);
  c->last_words = words;
  pthread_cond_broadcast(&c->changed);
  while (!c->closing) pthread_cond_wait(&c->changed, &c->mutex);
  pthread_mutex_unlock(&c->mutex);
}

static bool is_deaf(sim_context* c) {
  pthread_mutex_lock(&c->mutex);
  bool deaf = c->deaf;
  pthread_mutex_unlock(&c->mutex);
  return deaf;
}

const char* sim_context_lost(sim_context* c) {
  unsigned reaction = atomic_load(&c->device->reaction);
  if (is_deaf(c) || reaction == REACT_HANG) {
    while (sim_open()) sim_wait_us(UINT32_MAX);
  }
  if (sim_open() && reaction == REACT_ABORT) {
    sim_context_abort(c, unplugged_words);
  }
  return "the device is gone (simulation)";
}

void sim_context_unplug(sim_context* c) {
  atomic_store(&c->device->present, 0);
  atomic_fetch_add(&c->device->generation, 1);
}

const char* sim_context_unplug_silently(sim_context* c) {
  pthread_mutex_lock(&c->mutex);
  c->deaf = true;
  pthread_mutex_unlock(&c->mutex);
  sim_context_unplug(c);
  return sim_context_lost(c);
}
