#!/usr/bin/env bash
# Makes the packages of the command line for all targets or for some:
#
#   make package
#   make package TARGET=arm64       the names are those of scripts/targets.sh
#
# In dist/packages there are afterwards, for each of them and no other,
#
#   coral-go_VERSION_NAME.deb        for Debian and what comes from it (packaging/nfpm.yaml)
#   coral-go_VERSION_NAME.tar.gz     for everything else with a glibc
#   coral-go_VERSION_NAME.cdx.json   what is inside, in CycloneDX (the SBOM)
#
# and SHA256SUMS over all. The version is the one that the Go command stamps on the
# program, so that packages, `coral version` and SBOM agree; the time of all files is the
# last commit's, so that the same commit gives the same bytes.
#
# NFPM and CYCLONEDX name the two tools; the Makefile sets them, and gives the targets as
# arguments.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/targets.sh
. scripts/targets.sh

wanted=("$@")
(($#)) || wanted=("${targets[@]}")
for name in "${wanted[@]}"; do
  target "$name" || { echo "package.sh: there is no target $name; take some of ${targets[*]}" >&2; exit 2; }
done

umask 022
export LC_ALL=C.UTF-8 TZ=UTC
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
# Go's own flags of this machine have no say in what is shipped.
export GOFLAGS=-buildvcs=auto
unset GOEXPERIMENT CGO_CFLAGS CGO_CPPFLAGS CGO_CXXFLAGS CGO_LDFLAGS TFLITE

stage=$(mktemp -d)
trap 'rm -rf --one-file-system "$stage"' EXIT
packages=$stage/packages
export COMMON=$stage/common
mkdir -p "$packages" "$COMMON"/{completions,doc,man,udev} "$COMMON.gz"

# --- alike for all ----------------------------------------------------------------

# Completions and manual pages come from the command itself, for which it needs no cgo.
(cd cmd/coral && CGO_ENABLED=0 go build -tags man -o "$stage/generator" .)
stamp=$("$stage/generator" version --json | jq -r .version)
version=${stamp#v}
[[ $version != '(devel)' ]] || version=0.0.0-devel
# What comes after the first hyphen is older than what has none: Debian's word is ~.
debian=${version/-/\~}
debian=${debian//-/.}

"$stage/generator" completion bash >"$COMMON/completions/coral.bash"
"$stage/generator" completion zsh >"$COMMON/completions/_coral"
"$stage/generator" completion fish >"$COMMON/completions/coral.fish"
"$stage/generator" man "$COMMON/man"
cp packaging/60-coral-go.rules "$COMMON/udev/"
cp packaging/copyright README.md RATIONALE.md CHANGELOG.md "$COMMON/doc/"
cp -r docs "$COMMON/doc/" # in a folder of its own, for the links between them
# What is not shipped is on the web.
sed -i -E 's,\]\((\.\./)?(examples|bench|CONTRIBUTING|SECURITY),](https://github.com/gocoral/coral/tree/main/\2,g' \
  "$COMMON/doc/README.md" "$COMMON"/doc/docs/*.md
gzip -9nk "$COMMON"/man/*
mv "$COMMON"/man/*.gz "$COMMON.gz/"

# licences is {module: SPDX identifier}, from packaging/copyright.
licences=$(awk -v RS= -F '\n' '{
  files = licence = ""
  for (i = 1; i <= NF; i++) {
    if (sub(/^Files: /, "", $i)) files = $i
    if (sub(/^License: /, "", $i)) licence = $i == "Expat" ? "MIT" : $i
  }
  n = split(files, modules, " ")
  for (i = 1; i <= n; i++) if (sub(/\/\*$/, "", modules[i])) print modules[i], licence
}' packaging/copyright | jq -Rn '[inputs / " " | {(.[0]): .[1]}] | add')

# --- for each ---------------------------------------------------------------------

# depends sets what nfpm.yaml asks for, from the libraries that the files of the bundle
# need and the floors that scripts/check-bundle.sh holds them to. A library that nobody has
# thought of is an error.
depends() {
  local soname
  unset DEB_LIBC DEB_LIBGCC DEB_LIBSTDCXX DEB_LIBUSB
  for soname in $(readelf --dynamic "$BUNDLE/coral" "$BUNDLE"/lib/* | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
    case $soname in
      libc.so.6) DEB_LIBC="libc6 (>= $glibc)" ;;
      ld-linux* | libm.so.6 | libdl.so.2 | librt.so.1 | libpthread.so.0 | libresolv.so.2) ;; # of libc6 as well
      libgcc_s.so.1) DEB_LIBGCC='libgcc-s1 | libgcc1' ;; # its name before Debian 11
      libstdc++.so.6) DEB_LIBSTDCXX="libstdc++6 (>= $(gcc_with "$glibcxx"))" ;;
      libusb-1.0.so.0) DEB_LIBUSB='libusb-1.0-0 (>= 2:1.0.22)' ;; # what scripts/cross.sh links with
      libtensorflowlite_c.so) ;; # comes along
      *) echo "package.sh: which package has $soname? Say it in depends" >&2; return 1 ;;
    esac
  done
  export DEB_LIBC DEB_LIBGCC DEB_LIBSTDCXX DEB_LIBUSB
}

# gcc_with GLIBCXX is the version of GCC, and so of Debian's libstdc++6, that brought it.
gcc_with() {
  case $1 in
    3.4.25) echo 8 ;;
    3.4.30) echo 12 ;;
    *) echo "package.sh: which GCC has GLIBCXX_$1? Say it in gcc_with" >&2; return 1 ;;
  esac
}

# changelog is in Debian's form, one entry that points at ours.
changelog() {
  cat <<CHANGELOG
coral-go ($DEB_VERSION) unstable; urgency=medium

  * Changes are told in /usr/share/doc/coral-go/CHANGELOG.md.

 -- Coral for Go <gocoral@users.noreply.github.com>  $(date -R -d "@$SOURCE_DATE_EPOCH")
CHANGELOG
}

# sbom is what cyclonedx-gomod reads out of the program, with the licences, and with the
# native library, of which it knows nothing. Its own search for licences took those of
# golang.org/x for another one of BSD's.
sbom() {
  "$CYCLONEDX" bin -json -std -noserial -notimestamp -version "v$version" "$BUNDLE/coral" 2>"$stage/cyclonedx.log" |
    jq --argjson licences "$licences" --argjson runtime "$(jq --arg version "$tflite" --arg arch "$goarch" \
      '.runtimes[] | select(.version == $version) | . + (.builds[] | select(.os == "linux" and .arch == $arch))' third_party/runtimes.json)" \
      --arg version "v$version" --arg date "$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)" -f packaging/sbom.jq ||
    { cat "$stage/cyclonedx.log" >&2; return 1; }
}

# package TARGET. Names are Debian's, but for the Coral boards, which get a version that any
# later Debian's is newer than.
package() {
  target "$1"
  export BUNDLE=$stage/bundle/$1 DEB_ARCH=$deb DEB_VERSION=$debian
  local file=coral-go_${version}_$deb
  if [[ $1 == coral ]]; then
    DEB_VERSION+='~mendel'
    file=coral-go_${version}_mendel-$deb
  fi
  echo "=== $file, TensorFlow Lite $tflite"
  # Opened at run time, so that the command starts and says what is wrong where the library is
  # damaged or gone, and takes another one that the user names.
  # No build ID: it is a hash of, among other things, the paths of the tools.
  scripts/cross.sh ./cmd/coral --target "$1" --output "$BUNDLE" --open-at-run-time -- -buildmode=pie -ldflags='-s -w -buildid=' >"$stage/cross.log" ||
    { cat "$stage/cross.log"; return 1; }
  if [[ $(go version -m "$BUNDLE/coral" | awk '$1 == "mod" { print $3 }') != "$stamp" ]]; then
    echo "package.sh: the checkout has changed meanwhile; start again" >&2
    return 1
  fi
  depends
  sbom >"$packages/$file.cdx.json"

  # The same files in both: the archive is the bundle and what is common.
  mkdir "$stage/$file"
  cp -a "$BUNDLE/." "$COMMON/." LICENSE "$stage/$file/"
  tar -C "$stage" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -cf - "$file" |
    gzip -9n >"$packages/$file.tar.gz"

  changelog | gzip -9n >"$BUNDLE/changelog.gz"
  "$NFPM" package --config packaging/nfpm.yaml --packager deb --target "$packages/$file.deb"
}

for name in "${wanted[@]}"; do package "$name"; done

(cd "$packages" && sha256sum -- * >"$stage/SHA256SUMS")
mkdir -p dist/packages
find dist/packages -maxdepth 1 -type f \( -name 'coral-go_*' -o -name SHA256SUMS \) -delete
cp "$packages"/* "$stage/SHA256SUMS" dist/packages/
ls -l dist/packages
