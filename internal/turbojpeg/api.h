/* TurboJPEG's C interface (turbojpeg.h of libjpeg-turbo 2), called through the addresses of
 * its functions: the library is opened at run time. */
#ifndef GOCORAL_TURBOJPEG_API_H_
#define GOCORAL_TURBOJPEG_API_H_

#include <stddef.h>
#include <stdint.h>

typedef struct {
  void* init;
  void* header;
  void* planes;
  void* pixels;
  void* error;
  void* destroy;
} coral_turbojpeg_api;

/* What the header of a file must have: subsampling is one of TurboJPEG's numbers, or
 * negative where neither that nor the colours matter. */
typedef struct {
  int width, height, subsampling;
} coral_turbojpeg_header;

/* What became of a file. */
enum {
  coral_turbojpeg_done,
  coral_turbojpeg_differs, /* the header has something else */
  coral_turbojpeg_failed,  /* text says why, NUL ended */
};

/* Writes planes of brightness and colours (NULL for grey) of width by height, which are the
 * file's, divided. Brightness is written up to the edges of the last samples of colour. */
int coral_turbojpeg_planes(const coral_turbojpeg_api*,
                           const coral_turbojpeg_header*, const uint8_t* file,
                           size_t file_size, int width, int height, uint8_t* y,
                           uint8_t* cb, uint8_t* cr, int y_stride, int c_stride,
                           char* text, size_t text_size);

/* Writes pixels of red, green, blue and 255. */
int coral_turbojpeg_pixels(const coral_turbojpeg_api*,
                           const coral_turbojpeg_header*, const uint8_t* file,
                           size_t file_size, int width, int height,
                           uint8_t* rgba, int stride, char* text,
                           size_t text_size);

#endif /* GOCORAL_TURBOJPEG_API_H_ */
