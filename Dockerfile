# Builds dmswait from source, for the platform that is asked for, on the one that builds: nothing is emulated.
# What is pulled as ghcr.io/dmswait/dmswait is built from this file; .ci/image tries both targets.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=devel
# All that the images get, as it lies there: the certificates of the public CAs, a /tmp for any user, and dmswait in the usual PATH.
# /dmswait is a link to it, for those who name the program by its path.
RUN mkdir -p /image/etc/ssl/certs /image/usr/local/bin /image/tmp && chmod 1777 /image/tmp && \
    cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ && \
    ln -s usr/local/bin/dmswait /image/dmswait && \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X github.com/dmswait/dmswait/internal/cli.release=$VERSION" -o /image/usr/local/bin/dmswait .

# For those who run commands of their own in the container, as GitLab's and Jenkins' executors and runners in Kubernetes do: they need sh, cat, sleep and tail,
# and no ENTRYPOINT that would take their command for its flags. Alpine rather than bare busybox: its libc runs the Node.js that GitHub's runner brings along.
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

# The last one is the default, which `uses: ./` builds.
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
# No USER: GitHub runs Docker actions as root by rule, since the files that take outputs belong to the runner. Any other user works, too.
ENTRYPOINT ["/usr/local/bin/dmswait"]
