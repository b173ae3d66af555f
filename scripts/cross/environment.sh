# shellcheck shell=bash disable=SC2154 # sourced, after targets.sh and a call of target
# The environment in which the go command cross-compiles for the target.

# cross_environment exports it. TensorFlow Lite is not needed for building.
cross_environment() {
  runtime=${CORAL_RUNTIME:-}
  zig=${CORAL_ZIG:-}
  libs=$(realpath -m -- "${CORAL_LIBS:-$home/bin/cross}")
  # pkg-config and the go command split at these.
  [[ $libs$zig != *[:\']* ]] || { echo "cannot work in a folder with ' or : in its name: $libs" >&2; return 1; }
  if [[ -z $zig || -z $runtime ]]; then
    # For this machine, whatever the user builds for.
    env -u GOFLAGS -u GOOS -u GOARCH make -C "$home" --no-print-directory cross-tools >&2
    zig=${zig:-$home/bin/tools/zig} runtime=${runtime:-$home/bin/coral-runtime}
  fi
  command -v "$zig" >/dev/null || { echo "there is no zig at $zig" >&2; return 1; }
  libusb=$libs/libusb/$zig_target

  mkdir -p "$libusb" # a linker warns of folders that are not there

  export CGO_ENABLED=1 GOOS=linux GOARCH=$goarch GOARM=${goarm:-7}
  # The oldest processors of each kind, whatever this user's settings are.
  export GOAMD64=v1 GOARM64=v8.0
  export CC="'$zig' cc -target $zig_target" CXX="'$zig' c++ -target $zig_target"
  export CGO_CFLAGS="'-I$libusb' ${CGO_CFLAGS:--O2 -g}"
  # What libraries themselves need of libc and libstdc++ is the other machine's business.
  export CGO_LDFLAGS="'-L$libusb' -Wl,-rpath,\$ORIGIN/lib -Wl,--enable-new-dtags -Wl,--allow-shlib-undefined${CGO_LDFLAGS:+ $CGO_LDFLAGS}"
  # Nothing of this machine's libraries. The paths are above and not in here, since the go
  # command keeps what it has compiled together with what pkg-config said then.
  export PKG_CONFIG_LIBDIR=$libusb
}

# cross_runtime fetches the target's TensorFlow Lite and sets library, the folder with it.
cross_runtime() {
  "$runtime" fetch --root "$libs" --platform "linux/$goarch" --version "$tflite" >/dev/null
  library=$libs/lib/$tflite/linux_$goarch
}

# cross_link has what is built with the tag tflite_link linked with it. A program that calls
# nothing of it shall not need it either.
cross_link() {
  CGO_LDFLAGS="'-L$library' -Wl,--as-needed -ltensorflowlite_c -Wl,--no-as-needed $CGO_LDFLAGS"
}

# cross_libusb lays down libusb's header, and for the linker a library with the functions
# that the board's libusb has and no others: a newer one fails here, not there.
cross_libusb() {
  local symbols=$home/scripts/cross/libusb-1.0.22.symbols header made
  [[ ! $libusb/libusb-1.0.pc -nt $symbols ]] || return 0
  header=$(env -u PKG_CONFIG_LIBDIR pkg-config --variable=includedir libusb-1.0 2>/dev/null || true)/libusb-1.0/libusb.h
  if [[ ! -f $header ]]; then
    echo "libusb.h is missing: install libusb-1.0-0-dev and pkg-config, or build with the tag nousb" >&2
    return 1
  fi
  made=$(mktemp -d "$libusb.XXXXXX")
  cp "$header" "$made/"
  sed 's/.*/void &(void) {}/' "$symbols" >"$made/stub.c"
  if ! "$zig" cc -target "$zig_target" -shared -nostdlib -Wl,-soname,libusb-1.0.so.0 -o "$made/libusb-1.0.so" "$made/stub.c"; then
    rm -r "$made"
    return 1
  fi
  printf '%s\n' 'Name: libusb-1.0' 'Description: that of the other machine' 'Version: 1.0.22' 'Libs: -lusb-1.0' >"$made/libusb-1.0.pc"
  mv "$made"/*.[hc] "$made"/*.so "$libusb/"
  mv "$made"/*.pc "$libusb/" # which says that all is there
  rmdir "$made"
}
