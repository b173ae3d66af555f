#!/usr/bin/env bash
# Builds the Dockerfile on a Debian machine that needs no Docker, uses the images as a
# user would, and runs what they make, for ARM under emulation:
#
#   scripts/verify-image.sh    as root (make verify-image)
#
# The images that FROM names are made here, with Debian's packages from the mirror that
# apt knows and this machine's Go; registries and certificates that this machine is set
# up for are set in them alone.
#
# All is in one temporary folder, in namespaces of its own: whatever happens, no mount
# and no process outlives the script, and the folder is removed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/targets.sh
. scripts/targets.sh
# shellcheck source=scripts/fresh-debian.sh
. scripts/fresh-debian.sh

if [[ ${1-} != --inside ]]; then
  make_scratch
  trap 'exit 130' INT TERM # once all that runs in there has ended
  run_inside "$@"
  exit
fi
dir=$2
trap 'exit 130' INT TERM # the first process of a namespace has to say so

step() {
  printf '\n===== %s\n' "$1"
  local start=$SECONDS
  "${@:2}"
  times+=("$(printf '%4d s  %s' $((SECONDS - start)) "$1")")
  printf '===== %d s\n' $((SECONDS - start))
}
times=()

wrong() {
  echo "verify-image.sh: $*" >&2
  exit 1
}

# --- images -------------------------------------------------------------------------

export BUILDAH_ISOLATION=chroot TMPDIR=$dir/tmp
mkdir "$TMPDIR"
# Where buildah would write besides.
mkdir -p /var/lib/containers
mount -t tmpfs tmpfs /var/lib/containers
buildah() { command buildah --root "$dir/storage" --runroot "$dir/run" "$@"; }
build() { buildah bud --pull-never --layers=false "$@" .; }

mirror=$(debian_mirror)
# debian SUITE ARCHITECTURE VARIANT PACKAGES WHERE
debian() { mmdebstrap --quiet --variant="$3" --architectures="$2" --include="$4" "$1" "$5" "$mirror"; }

# named ARG is the image that the Dockerfile takes.
named() { sed -n "s/^ARG $1=//p" Dockerfile; }

make_bases() {
  local container arch setting
  arch=$(dpkg --print-architecture)
  debian bookworm "$arch" minbase ca-certificates "$dir/debian.tar"
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$dir/debian.tar" / >/dev/null
  buildah add --quiet "$container" $certificate_bundle $certificate_bundle >/dev/null
  while read -r setting; do
    buildah config --env "$setting" "$container"
  done < <(registry_settings $certificate_bundle)
  buildah commit --quiet "$container" "$(named RUNTIME_BASE)"
  buildah add --quiet "$container" "$(go env GOROOT)" /usr/local/go >/dev/null
  buildah config --env GOTOOLCHAIN=local --env PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  buildah commit --quiet --rm "$container" "$(named BASE)"
  rm "$dir/debian.tar"
}

# As with docker, a new volume begins with what the image has there.
start_cross() {
  cross=$(buildah from --pull-never coral-cross)
  entry=$(buildah inspect --type image --format '{{index .OCIv1.Config.Entrypoint 0}}' coral-cross)
  mkdir -m 777 "$dir/cache"
  buildah run --volume "$dir/cache:/volume" "$cross" -- cp -a /cache/. /volume/
}

# cross_image FOLDER ARGUMENT… is docker run --rm -v FOLDER:/src -v coral-cache:/cache coral-cross …
cross_image() {
  buildah run --volume "$1:/src" --volume "$dir/cache:/cache" "$cross" -- "$entry" "${@:2}"
}

# --- what a user has ------------------------------------------------------------------

user=1234
models=$PWD/third_party/models
programs=(coral hello)

make_sources() {
  mkdir "$dir"/{coral,hello,empty,foreign,data,roots}
  copy_checkout "$dir/coral"
  # Its go.mod finds the library two folders up, which a container does not see.
  cp -r "$dir/coral/examples/hello/." "$dir/hello"
  (cd "$dir/foreign" && go mod init example.com/foreign && echo 'package main; func main() {}' >main.go)
  chown -R $user:$user "$dir"/{coral,hello,empty,foreign}
  cp "$models"/{mobilenet_quant_v1_224.tflite,imagenet_labels.txt,peacock.png,laptop.jpg} "$dir/data"
}

# refused FOLDER TEXT ARGUMENT… must fail and say so.
refused() {
  local said
  if said=$(cross_image "$dir/$1" "${@:3}" 2>&1); then wrong "$1: ${*:3} was not refused"; fi
  [[ $said == *"$2"* ]] || wrong "$1: ${*:3}: expected \"$2\", got: $said"
  echo "$1: $2"
}

refuse_bad_input() {
  refused empty 'is empty' build . --target coral
  refused data 'has no go.mod' build . --target coral
  refused foreign 'does not bring github.com/gocoral/coral' build . --target coral
  refused hello 'there is no target' build . --target toaster
}

cross_compile() {
  cross_image "$dir/coral" build ./cmd/coral --target "$1"
  cross_image "$dir/hello" build . --target "$1"
  cross_image "$dir/hello" build . --target "$1" --output "dist/opened-$1" --open-at-run-time
  [[ -z $(find "$dir"/{coral,hello} ! -user $user) ]] || wrong "the output does not belong to the owner of /src"
}

# --- run --------------------------------------------------------------------------------

# make_root TARGET: a system for it with no more than programs need and what run scripts call.
make_root() {
  local root=$dir/roots/$1 suite=bookworm
  # Its glibc is 2.31; buster, which the board has, is on few mirrors. check-bundle.sh
  # has seen to the difference.
  [[ $1 != coral ]] || suite=bullseye
  target "$1"
  debian $suite "$deb" extract busybox-static,libstdc++6,libusb-1.0-0 "$root"
  in_root "$1" /bin/busybox --install -s /bin
  cp -r "$dir/data" "$root/data"
  for program in "${programs[@]}"; do cp -r "$dir/$program/dist/$1" "$root/$program"; done
  cp -r "$dir/hello/dist/opened-$1" "$root/opened"
}

in_root() { scripts/verify-image/in-root.sh "$dir/roots/$1" "${@:2}"; }

model=/data/mobilenet_quant_v1_224.tflite
names=/data/imagenet_labels.txt
peacock=(classify -m "$model" -l "$names" --top 3 --threshold 0 /data/peacock.png) # as hello, with classes that score 0
laptop=(classify -m "$model" -l "$names" --top 2 /data/laptop.jpg) # farther down, kernels differ

# run_in_root TARGET shows what its programs say.
run_in_root() {
  in_root "$1" /coral/run-coral version
  in_root "$1" /coral/run-coral devices
  in_root "$1" /coral/run-coral "${peacock[@]}" | tee "$dir/$1.peacock"
  in_root "$1" /coral/run-coral "${laptop[@]}" | tee "$dir/$1.laptop"
  in_root "$1" /hello/run-hello -model "$model" -labels "$names" /data/peacock.png | tee "$dir/$1.hello"
  in_root "$1" /opened/run-hello -model "$model" -labels "$names" /data/peacock.png | tee "$dir/$1.opened"
  in_root "$1" /hello/run-hello -isolated -model "$model" -labels "$names" /data/peacock.png | tee "$dir/$1.isolated"
  grep -q 'in a worker process' "$dir/$1.isolated" || wrong "hello -isolated had no worker process"
}

run_small_image() {
  local container
  container=$(buildah from --pull-never coral)
  small() { buildah run --volume "$dir/data:/data" "$container" -- "$@"; }
  small id | tee "$dir/small.id"
  grep -q 'uid=[1-9].*apex.*plugdev\|uid=[1-9].*plugdev.*apex' "$dir/small.id" || wrong "not as it should be"
  small head -n 1 /usr/share/doc/coral/README
  small coral version
  small coral devices
  small coral "${peacock[@]}" | tee "$dir/small.peacock"
}

# labels FILE: without their scores.
labels() { sed -nE 's/^ *[0-9.]+%?  +(.*[^ ]) *(\(class .*)$/\1/p; s/^ *[0-9.]+%  //p' "$1"; }
# same_labels FILE PICTURE: those of amd64?
same_labels() {
  [[ -n $(labels "$dir/$1") ]] || wrong "$1 has no labels"
  diff <(labels "$dir/$1") <(labels "$dir/amd64.$2") || wrong "$1 and amd64.$2 differ"
}

compare_labels() {
  labels "$dir/amd64.peacock"
  labels "$dir/amd64.laptop"
  for name in "${targets[@]}"; do
    same_labels "$name.peacock" peacock
    same_labels "$name.laptop" laptop
    same_labels "$name.hello" peacock
    same_labels "$name.opened" peacock
    same_labels "$name.isolated" peacock
  done
  same_labels small.peacock peacock
  echo "the same on ${targets[*]} and in the small image"
}

step 'base images' make_bases
step 'docker build --target cross' build --target cross -t coral-cross
step "a user's modules" make_sources
step "a user's cache volume" start_cross
step 'bad input' refuse_bad_input
for name in "${targets[@]}"; do step "build --target $name" cross_compile "$name"; done
for name in "${targets[@]}"; do step "a system for $name" make_root "$name"; done
for name in "${targets[@]}"; do step "run $name" run_in_root "$name"; done
# Not to compile all again: the image and the cache of above.
step 'docker build' build --build-context cross=container-image://localhost/coral-cross --volume "$dir/cache:/cache" -t coral
step 'run the small image' run_small_image

step labels compare_labels
printf '\n===== times, and %s at the end\n' "$(du -sh "$dir" | cut -f1)"
printf '%s\n' "${times[@]}"
