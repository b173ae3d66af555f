#define _GNU_SOURCE
#include "control.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char dir[PATH_MAX];
static sim_control* control;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The library finds its simulation by where it lies itself, so that a process needs
 * to know nothing but the path of the library, and several can be loaded at once. */
__attribute__((constructor)) static void find_dir(void) {
  Dl_info info;
  static char self[PATH_MAX]; /* large, and constructors may have small stacks */
  if (dladdr(&control, &info) == 0 || info.dli_fname == NULL ||
      realpath(info.dli_fname, self) == NULL) {
    return;
  }
  char* slash = strrchr(self, '/');
  if (slash == NULL) return;
  *slash = '\0';
  memcpy(dir, self, sizeof dir);
}

static void map(void) {
  static char path[PATH_MAX + 16];
  snprintf(path, sizeof path, "%s/control", dir);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  struct stat stat;
  if (fstat(fd, &stat) == 0 && stat.st_size >= (off_t)sizeof(sim_control)) {
    void* p = mmap(NULL, sizeof(sim_control), PROT_READ | PROT_WRITE, MAP_SHARED,
                   fd, 0);
    if (p != MAP_FAILED) control = p;
  }
  close(fd);
  if (control != NULL &&
      (control->magic != SIM_MAGIC || control->size != sizeof(sim_control) ||
       control->device_count > SIM_MAX_DEVICES)) {
    fprintf(stderr, "edgetpu simulation: %s is of another version\n", path);
    munmap(control, sizeof(sim_control));
    control = NULL;
  }
}

sim_control* sim_get(void) {
  pthread_once(&once, map);
  return control;
}

const char* sim_dir(void) { return dir; }

static bool descriptors_from_device;

__attribute__((constructor)) static void read_environment(void) {
  const char* value = getenv("USB_ENABLE_BULK_DESCRIPTORS_FROM_DEVICE");
  descriptors_from_device =
      value != NULL && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

bool sim_descriptors_from_device(void) { return descriptors_from_device; }

bool sim_open(void) {
  sim_control* c = sim_get();
  return c != NULL && atomic_load(&c->closed) == 0;
}

uint64_t sim_now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void sim_wait_us(uint64_t us) {
  uint64_t end = sim_now_us() + us;
  for (uint64_t now = sim_now_us(); now < end && sim_open(); now = sim_now_us()) {
    uint64_t left = end - now;
    if (left > 5000) left = 5000; /* so that the end of the simulation is seen */
    nanosleep(&(struct timespec){.tv_nsec = (long)left * 1000}, NULL);
  }
}

void sim_google_wait(uint32_t ms) {
  sim_control* c = sim_get();
  if (c != NULL) sim_wait_us((uint64_t)ms * c->scale_ppm / 1000);
}

void sim_misuse(const char* what) {
  fprintf(stderr, "edgetpu simulation: %s\n", what);
  sim_control* c = sim_get();
  if (c != NULL) atomic_fetch_add(&c->misuses, 1);
}

bool sim_take(sim_device* d, enum fault fault) {
  if (atomic_load(&d->fault) != (unsigned)fault) return false;
  unsigned after = atomic_load(&d->fault_after);
  while (after > 0) {
    if (atomic_compare_exchange_weak(&d->fault_after, &after, after - 1)) return false;
  }
  unsigned times = atomic_load(&d->fault_times);
  if (times == 0) return true;
  do {
    if (times == 0) return false; /* somebody else took the last one */
  } while (!atomic_compare_exchange_weak(&d->fault_times, &times, times - 1));
  if (times == 1) {
    unsigned expected = (unsigned)fault;
    atomic_compare_exchange_strong(&d->fault, &expected, FAULT_NONE);
  }
  return true;
}

void sim_fault_wait(sim_device* d, uint32_t google_ms) {
  unsigned ms = atomic_load(&d->fault_ms);
  if (ms > 0) {
    sim_wait_us((uint64_t)ms * 1000);
  } else {
    sim_google_wait(google_ms);
  }
}
