# shellcheck shell=bash disable=SC2034 # sourced; the variables are read elsewhere
# What can be cross-compiled for, in the one place that all scripts read.
targets=(coral arm64 armv7 amd64)

# Our own binaries start with this glibc on every target; how old a bundle's machine
# may be is decided by its TensorFlow Lite.
own_glibc=2.28

# target NAME sets
#
#   goarch goarm     as Go calls it
#   zig_target       as zig calls it
#   tflite           the version of TensorFlow Lite
#   glibc glibcxx cxxabi  the newest symbol versions that the machine has for sure
#   loader           the program that starts programs there
#   machine          as readelf calls it
#   deb              as Debian calls it
#   about            for people
target() {
  goarm='' glibc=2.34 glibcxx=3.4.30 cxxabi=1.3.13 tflite=2.17.1
  case $1 in
    coral) # Mendel 5 is Debian buster
      goarch=arm64 tflite=2.9.0 glibc=2.28 glibcxx=3.4.25 cxxabi=1.3.11
      about='Coral Dev Board, Dev Board Mini and SoM (Mendel Linux 5)' ;;
    arm64) goarch=arm64 about='64-bit ARM: Raspberry Pi OS, Debian 12, Ubuntu 22.04 or newer' ;;
    armv7) goarch=arm goarm=7 about='32-bit ARMv7 with hard float: Raspberry Pi OS, Debian 12 or newer' ;;
    amd64) goarch=amd64 about='64-bit PC: Debian 12, Ubuntu 22.04 or newer' ;;
    *) return 1 ;;
  esac
  case $goarch in
    arm64) zig_target=aarch64-linux-gnu loader=/lib/ld-linux-aarch64.so.1 machine=AArch64 deb=arm64 ;;
    arm) zig_target=arm-linux-gnueabihf loader=/lib/ld-linux-armhf.so.3 machine=ARM deb=armhf ;;
    amd64) zig_target=x86_64-linux-gnu loader=/lib64/ld-linux-x86-64.so.2 machine='Advanced Micro Devices X86-64' deb=amd64 ;;
  esac
  zig_target+=.$own_glibc
}
