# Two images:
#
#   docker build --target cross -t coral-cross .   cross-compiles programs that use this library
#   docker build -t coral .                        runs the coral command
#
# Nothing here needs BuildKit.
ARG BASE=golang:1.26-bookworm
ARG RUNTIME_BASE=debian:bookworm-slim

# --- fetch: zig and TensorFlow Lite; npm and pip stay behind ---------------------

FROM ${BASE} AS fetch
RUN apt-get update -qq \
 && apt-get install -qq -y --no-install-recommends npm python3-pip \
 && rm -rf /var/lib/apt/lists/*
COPY scripts/cross/requirements.txt /tmp/
RUN python3 -m pip install --no-cache-dir --no-compile --no-deps --require-hashes \
      --target /opt/zig -r /tmp/requirements.txt

WORKDIR /opt/coral
COPY go.mod go.sum ./
COPY third_party third_party
COPY internal/cache internal/cache
COPY internal/fetch internal/fetch
COPY internal/files internal/files
COPY cmd/coral-runtime cmd/coral-runtime
RUN CGO_ENABLED=0 go build -trimpath -o /opt/runtimes/coral-runtime ./cmd/coral-runtime
COPY scripts/targets.sh scripts/
RUN bash -euc '. scripts/targets.sh; for name in "${targets[@]}"; do target "$name"; \
      /opt/runtimes/coral-runtime fetch --root /opt/runtimes --platform "linux/$goarch" --version "$tflite"; done'

# --- cross: the cross-compiling image ---------------------------------------------

FROM ${BASE} AS cross
RUN apt-get update -qq \
 && apt-get install -qq -y --no-install-recommends binutils ca-certificates file libusb-1.0-0-dev pkg-config \
 && rm -rf /var/lib/apt/lists/*
COPY --from=fetch /opt/zig /opt/zig
COPY --from=fetch /opt/runtimes /opt/runtimes
ENV CORAL_ZIG=/opt/zig/ziglang/zig \
    CORAL_RUNTIME=/opt/runtimes/coral-runtime \
    CORAL_LIBS=/opt/runtimes \
    GOCACHE=/cache/go-build \
    GOMODCACHE=/cache/go-mod \
    ZIG_GLOBAL_CACHE_DIR=/cache/zig \
    ZIG_LOCAL_CACHE_DIR=/cache/zig

WORKDIR /opt/coral
COPY go.mod go.sum ./
COPY cmd/coral/go.mod cmd/coral/go.sum cmd/coral/
# Builds run as the owner of /src, whoever that is.
RUN mkdir -p "$GOCACHE" "$ZIG_GLOBAL_CACHE_DIR" \
 && mkdir -m 777 "$CORAL_LIBS/libusb" \
 && go mod download -modcacherw \
 && go -C cmd/coral mod download -modcacherw \
 && chmod -R a+rwX /cache
COPY . .
WORKDIR /src
ENTRYPOINT ["/opt/coral/docker/entry.sh"]
CMD ["help"]

# --- cli: the coral command for the image's own architecture -----------------------
# It opens its library, as that of the packages does: so another one can be named.

FROM cross AS cli
RUN cd /opt/coral \
 && scripts/cross.sh ./cmd/coral --open-at-run-time --target "$(dpkg --print-architecture)" --output /opt/bundle

# --- the small image ------------------------------------------------------------------

FROM ${RUNTIME_BASE}
RUN apt-get update -qq \
 && apt-get install -qq -y --no-install-recommends libstdc++6 libusb-1.0-0 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system apex \
 && useradd --create-home --home-dir /data --groups apex,plugdev coral \
 && ln -s /opt/coral/coral /usr/local/bin/coral
COPY docker/README packaging/*.rules /usr/share/doc/coral/
COPY --from=cli /opt/bundle /opt/coral
USER coral
WORKDIR /data
ENTRYPOINT ["coral"]
CMD ["--help"]
