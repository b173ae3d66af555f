#include "api.h"

#include <stdio.h>

/* Of turbojpeg.h. */
enum {
  TJPF_RGBA = 7,
  TJCS_YCBCR = 1,
  TJCS_GRAY = 2,
  TJSAMP_GRAY = 3,
  TJFLAG_FASTUPSAMPLE = 256,
  TJFLAG_ACCURATEDCT = 4096,
  TJFLAG_STOPONWARNING = 8192,
};

/* Fast upsampling repeats the colours, as Go's image.YCbCr does. */
static const int flags =
    TJFLAG_FASTUPSAMPLE | TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING;

/* Reads the file's header and compares. For a subsampling that it has no number for, a
 * version of the library fails, but has told the size. */
static int check(const coral_turbojpeg_api* api, void* decoder,
                 const coral_turbojpeg_header* want, const uint8_t* file,
                 size_t file_size) {
  int width = 0, height = 0, subsampling = -1, colours = -1;
  int status = ((int (*)(void*, const unsigned char*, unsigned long, int*, int*,
                         int*, int*))api->header)(
      decoder, file, (unsigned long)file_size, &width, &height, &subsampling,
      &colours);
  int any = want->subsampling < 0;
  if (status != 0 && !(any && width > 0)) return coral_turbojpeg_failed;
  if (width != want->width || height != want->height) {
    return coral_turbojpeg_differs;
  }
  int colour = want->subsampling == TJSAMP_GRAY ? TJCS_GRAY : TJCS_YCBCR;
  if (any || (subsampling == want->subsampling && colours == colour)) {
    return coral_turbojpeg_done;
  }
  return coral_turbojpeg_differs;
}

/* Ends a decoder, after fetching its error text if there was a failure. */
static int end(const coral_turbojpeg_api* api, void* decoder, int result,
               char* text, size_t text_size) {
  if (result == coral_turbojpeg_failed) {
    const char* error = ((char* (*)(void*))api->error)(decoder);
    snprintf(text, text_size, "%s", error != NULL ? error : "");
  }
  if (decoder != NULL) ((int (*)(void*))api->destroy)(decoder);
  return result;
}

int coral_turbojpeg_planes(const coral_turbojpeg_api* api,
                           const coral_turbojpeg_header* header,
                           const uint8_t* file, size_t file_size, int width,
                           int height, uint8_t* y, uint8_t* cb, uint8_t* cr,
                           int y_stride, int c_stride, char* text,
                           size_t text_size) {
  void* decoder = ((void* (*)(void))api->init)();
  int result = coral_turbojpeg_failed;
  if (decoder != NULL) result = check(api, decoder, header, file, file_size);
  if (result == coral_turbojpeg_done) {
    unsigned char* planes[3] = {y, cb, cr};
    int strides[3] = {y_stride, c_stride, c_stride};
    int status =
        ((int (*)(void*, const unsigned char*, unsigned long, unsigned char**,
                  int, int*, int, int))api->planes)(
            decoder, file, (unsigned long)file_size, planes, width, strides,
            height, flags);
    if (status != 0) result = coral_turbojpeg_failed;
  }
  return end(api, decoder, result, text, text_size);
}

int coral_turbojpeg_pixels(const coral_turbojpeg_api* api,
                           const coral_turbojpeg_header* header,
                           const uint8_t* file, size_t file_size, int width,
                           int height, uint8_t* rgba, int stride, char* text,
                           size_t text_size) {
  void* decoder = ((void* (*)(void))api->init)();
  int result = coral_turbojpeg_failed;
  if (decoder != NULL) result = check(api, decoder, header, file, file_size);
  if (result == coral_turbojpeg_done) {
    int status = ((int (*)(void*, const unsigned char*, unsigned long,
                           unsigned char*, int, int, int, int, int))
                      api->pixels)(decoder, file, (unsigned long)file_size,
                                   rgba, width, stride, height, TJPF_RGBA, flags);
    if (status != 0) result = coral_turbojpeg_failed;
  }
  return end(api, decoder, result, text, text_size);
}
