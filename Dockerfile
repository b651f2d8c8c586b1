# Builds dmswait and nothing else: a static binary, and the certificates of the public CAs.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.release=${VERSION}" -o /dmswait .

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /dmswait /dmswait
# No USER: GitHub runs Docker actions as root by rule, since the files that take outputs belong to the runner. Any other user works, too.
ENTRYPOINT ["/dmswait"]
