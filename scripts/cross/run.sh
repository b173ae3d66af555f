#!/bin/sh
# Starts @NAME@, which lies beside this script, or says what this machine lacks.
# Made for: @ABOUT@.
self=$(readlink -f "$0" 2>/dev/null) || self=$0
program=$(dirname "$self")/@NAME@

if [ ! -e @LOADER@ ]; then
  echo "@NAME@: this machine ($(uname -m)) has no @LOADER@. It is another kind of machine, or a system without glibc such as Alpine. @NAME@ is for: @ABOUT@" >&2
  exit 126
fi

if [ "$(uname -m)" = armv6l ]; then
  echo "@NAME@: this machine's processor is an ARMv6. @NAME@ is for: @ABOUT@" >&2
  exit 126
fi

# The loader itself knows best what is missing. It crashes on programs without libraries.
missing=$({ @LOADER@ --list "$program"; } 2>&1 | grep -e 'not found' -e 'cannot open' -e 'page-aligned')
case $missing in
  '') exec "$program" "$@" ;;
  *page-aligned*) why="the pages of this kernel are larger than the 4 KB that lib/libtensorflowlite_c.so needs; take a bundle for 64-bit ARM, or on a Raspberry Pi kernel=kernel8.img in /boot/firmware/config.txt" ;;
  *GLIBCXX* | *CXXABI*) why="the C++ library of this system is too old, @GLIBCXX@ is needed; on a Coral board use a bundle made with --target coral" ;;
  *GLIBC*) why="the C library of this system is too old, glibc @GLIBC@ is needed; on a Coral board use a bundle made with --target coral" ;;
  *libusb*) why="libusb is missing; install it: sudo apt-get install libusb-1.0-0" ;;
  *libstdc++*) why="the C++ library is missing; install it: sudo apt-get install libstdc++6" ;;
  *libtensorflowlite_c*) why="lib/libtensorflowlite_c.so is missing; copy the whole folder" ;;
  *) why=$(printf '%s' "$missing" | tr -s '\n\t' ' ') ;;
esac
echo "@NAME@: $why" >&2
exit 127
