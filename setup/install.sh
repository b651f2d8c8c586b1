#!/usr/bin/env bash
# Installs a release of dmswait and adds it to PATH for the following steps of a GitHub Actions job.
#
# The files version and checksums.txt beside this script state which release to install, and what it
# must contain; checksums.txt has the format of sha256sum. The commit of a release contains both, so
# pinning that commit pins the installed program, wherever it is downloaded from.
#
# Environment: DMSWAIT_SETUP_BASE_URL, and the runner's RUNNER_OS, RUNNER_ARCH, RUNNER_TEMP,
# GITHUB_PATH and GITHUB_OUTPUT.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
attempts=3

# fail MESSAGE prints the message as an annotation, which must be one line, and exits.
fail() {
  # Variables, because bash 3.2, which macOS has, does not support quotes in patterns.
  local message="$*" percent=% cr=$'\r' lf=$'\n'
  message=${message//$percent/%25}
  message=${message//$cr/%0D}
  printf '::error title=dmswait setup::%s\n' "${message//$lf/%0A}"
  exit 1
}

version=$(tr -d '\r\n' <"$here/version" 2>/dev/null) || version=
case $version in
  unreleased)
    fail "this commit of the action is not a release, so there is no program to install:" \
      "use a release, e.g. dmswait/dmswait/setup@v1"
    ;;
  [0-9]*.[0-9]*.[0-9]*) ;;
  *) fail "the action is incomplete: setup/version contains no version" ;;
esac
for name in RUNNER_TEMP GITHUB_PATH GITHUB_OUTPUT; do
  [ -n "${!name:-}" ] || fail "$name is not set: run this script in a step of GitHub Actions"
done

# Release archives use Go's names for operating systems and architectures.
extension=tar.gz
program=dmswait
case ${RUNNER_OS:-} in
  Linux) os=linux ;;
  macOS) os=darwin ;;
  Windows) os=windows extension=zip program=dmswait.exe ;;
  *) fail "dmswait is not available for the operating system '${RUNNER_OS:-}'" ;;
esac
case ${RUNNER_ARCH:-} in
  X64) arch=amd64 ;;
  ARM64) arch=arm64 ;;
  *) fail "dmswait is not available for the architecture '${RUNNER_ARCH:-}'" ;;
esac
file=dmswait_${version}_${os}_${arch}.${extension}

base=${DMSWAIT_SETUP_BASE_URL:-https://github.com/dmswait/dmswait/releases/download}
case $base in
  https://* | http://*) ;;
  *) fail "base_url is invalid: it must begin with https:// or http://" ;;
esac
url=${base%/}/v$version/$file
shown=$(printf '%s' "${base%/}" | sed 's|//[^/]*@|//***@|') # without the mirror's user name and password

expected=$(awk -v file="$file" '{ sub(/\r$/, "") } $2 == file || $2 == "*" file { print $1 }' \
  "$here/checksums.txt" 2>/dev/null) || expected=
[[ $expected =~ ^[0-9a-f]{64}$ ]] ||
  fail "the action is incomplete: setup/checksums.txt contains no checksum of $file"

command -v curl >/dev/null || fail "curl is required, but not installed on this runner"
if command -v sha256sum >/dev/null; then
  sum() { sha256sum; }
elif command -v shasum >/dev/null; then
  sum() { shasum -a 256; }
else
  fail "sha256sum or shasum is required, but neither is installed on this runner"
fi

# From here on, use file names without folders, because on Windows the tools disagree about what a
# path looks like. Only the program stays in this folder.
folder=$RUNNER_TEMP/dmswait-$version
mkdir -p "$folder"
cd "$folder"
work=$PWD/$(mktemp -d download.XXXXXX)
trap 'cd / && rm -rf "$work"' EXIT
cd "$work"

# get downloads the archive. It retries only what can change: a failed or broken connection, and
# errors of the server.
get() {
  local attempt status code
  for ((attempt = 1; ; attempt++)); do
    code=0
    status=$(curl --silent --show-error --fail --location --globoff --proto '=https,http' \
      --connect-timeout 20 --speed-limit 1 --speed-time 60 --max-time 600 \
      --output archive --write-out '%{http_code}' -- "$url" 2>errors) || code=$?
    [ "$code" != 0 ] || return 0
    case $status in
      408 | 429 | 5?? | 000 | 2??) [ "$attempt" -lt "$attempts" ] || break ;;
      *) break ;;
    esac
    sleep "$((attempt * 2))"
  done
  if [ "$status" = 404 ]; then
    fail "$file of version $version was not found at $shown (404)"
  fi
  fail "could not download $file from $shown: $(sed 's/^curl: //' errors | tail -n 1)"
}
get

actual=$(sum <archive) || fail "could not compute the SHA-256 of $file"
actual=${actual%% *}
[ "$actual" = "$expected" ] ||
  fail "$file from $shown is not the released file: its SHA-256 is $actual, expected $expected." \
    "Nothing was installed"

if [ "$extension" = tar.gz ]; then
  tar -xzf archive "$program"
elif command -v unzip >/dev/null; then
  unzip -q archive "$program"
else
  "$SYSTEMROOT/System32/tar.exe" -xf archive "$program"
fi
chmod 755 "$program"
reported=$(./"$program" --version 2>&1) ||
  fail "the program in $file does not run on this machine: $reported"
[ "$reported" = "dmswait $version" ] ||
  fail "the program in $file reports the wrong version: '$reported' instead of 'dmswait $version'"

mv -f "$program" "../$program"
cd ..
folder=$PWD
! command -v cygpath >/dev/null || folder=$(cygpath -w "$folder")
separator=/
[ "$os" != windows ] || separator=\\
printf '%s\n' "$folder" >>"$GITHUB_PATH"
printf 'version=%s\npath=%s%s%s\n' "$version" "$folder" "$separator" "$program" >>"$GITHUB_OUTPUT"
printf 'installed dmswait %s in %s\n' "$version" "$folder"
