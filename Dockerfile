# Builds the images ghcr.io/dmswait/dmswait from source. Go cross-compiles, so no platform is
# emulated. .ci/image tests both targets.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=devel
# /image holds everything that the images add: the certificates of the public CAs, a /tmp for any
# user, and dmswait in a folder of the usual PATH. /dmswait is a link to it, for systems that need
# the path of the command (Tekton, Argo).
RUN mkdir -p /image/etc/ssl/certs /image/usr/local/bin /image/tmp && chmod 1777 /image/tmp && \
    cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ && \
    ln -s usr/local/bin/dmswait /image/dmswait && \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=false \
      -ldflags "-s -w -X github.com/dmswait/dmswait/internal/cli.release=$VERSION" -o /image/usr/local/bin/dmswait .

# The target shell is for systems that run their own commands in the container (GitLab, Jenkins,
# runners in Kubernetes). They need sh, cat, sleep and tail, and no ENTRYPOINT, which would take
# their command for its arguments. Alpine rather than busybox, because the Node.js that GitHub's
# runner mounts into containers needs its libc.
FROM alpine:3.23 AS shell
ARG VERSION=devel
ARG REVISION=unknown
LABEL org.opencontainers.image.title="dmswait" \
      org.opencontainers.image.description="Waits for a background task of a Huawei Cloud DMS instance to end; with a shell" \
      org.opencontainers.image.source="https://github.com/dmswait/dmswait" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /image /
CMD ["/bin/sh"]

# The last target is the default, which `uses: ./` builds.
FROM scratch
ARG VERSION=devel
ARG REVISION=unknown
LABEL org.opencontainers.image.title="dmswait" \
      org.opencontainers.image.description="Waits for a background task of a Huawei Cloud DMS instance to end" \
      org.opencontainers.image.source="https://github.com/dmswait/dmswait" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /image /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# No USER: GitHub requires Docker actions to run as root, so that they can write the runner's files.
# Other users work too.
ENTRYPOINT ["/usr/local/bin/dmswait"]
