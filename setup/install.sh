#!/usr/bin/env bash
# Installs a released dmswait and adds it to PATH for later steps. Its version is in the file version beside this script,
# and its checksums, as sha256sum writes them, in checksums.txt. The commit of a release has both: whoever pins that commit
# pins the bytes that are installed, wherever they are downloaded from.
# Input: DMSWAIT_SETUP_BASE_URL, and from the runner RUNNER_OS, RUNNER_ARCH, RUNNER_TEMP, GITHUB_PATH and GITHUB_OUTPUT.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tries=3

# fail prints why as an annotation of the step, which is one line, and exits.
fail() {
  local words="$*" percent=% cr=$'\r' lf=$'\n' # bash 3.2 of macOS keeps quotes in patterns
  words=${words//$percent/%25}
  words=${words//$cr/%0D}
  printf '::error title=dmswait setup::%s\n' "${words//$lf/%0A}"
  exit 1
}

version=$(tr -d '\r\n' <"$here/version" 2>/dev/null) || version=
case $version in
  unreleased) fail "this commit of the action is not a release, so there is no program to install: use a release, e.g. dmswait/dmswait/setup@v1" ;;
  [0-9]*.[0-9]*.[0-9]*) ;;
  *) fail "the action is incomplete: setup/version contains no version" ;;
esac
for name in RUNNER_TEMP GITHUB_PATH GITHUB_OUTPUT; do
  [ -n "${!name:-}" ] || fail "$name is not set: run this as a step of GitHub Actions"
done

# The files of a release have Go's names for systems and architectures.
extension=tar.gz
program=dmswait
case ${RUNNER_OS:-} in
  Linux) os=linux ;;
  macOS) os=darwin ;;
  Windows) os=windows extension=zip program=dmswait.exe ;;
  *) fail "dmswait is not available for the system '${RUNNER_OS:-}'" ;;
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
  *) fail "base_url must begin with https:// or http://" ;;
esac
url=${base%/}/v$version/$file
shown=$(printf '%s' "$url" | sed 's|//[^/]*@|//***@|') # without the credentials of a mirror

wanted=$(awk -v file="$file" '{ sub(/\r$/, "") } $2 == file || $2 == "*" file { print $1 }' \
  "$here/checksums.txt" 2>/dev/null) || wanted=
[[ $wanted =~ ^[0-9a-f]{64}$ ]] || fail "the action is incomplete: setup/checksums.txt has no checksum for $file"

command -v curl >/dev/null || fail "this runner has no curl"
if command -v sha256sum >/dev/null; then
  sum() { sha256sum; }
elif command -v shasum >/dev/null; then
  sum() { shasum -a 256; }
else
  fail "this runner has neither sha256sum nor shasum"
fi

# From here on, file names have no folder: on Windows, tools disagree about paths. Only the program remains.
folder=$RUNNER_TEMP/dmswait-$version
mkdir -p "$folder"
cd "$folder"
work=$PWD/$(mktemp -d download.XXXXXX)
trap 'cd / && rm -rf "$work"' EXIT
cd "$work"

# get downloads the archive. It tries again after a failure that may pass: no connection, a broken one, a server's error.
get() {
  local try status code
  for ((try = 1; ; try++)); do
    code=0
    status=$(curl --silent --show-error --fail --location --globoff --proto '=https,http' \
      --connect-timeout 20 --speed-limit 1 --speed-time 60 --max-time 600 \
      --output archive --write-out '%{http_code}' -- "$url" 2>trouble) || code=$?
    [ "$code" != 0 ] || return 0
    case $status in
      408 | 429 | 5?? | 000 | 2??) [ "$try" -lt "$tries" ] || break ;;
      *) break ;;
    esac
    sleep "$((try * 2))"
  done
  if [ "$status" = 404 ]; then
    fail "$shown does not exist (404)"
  fi
  fail "could not download $shown: $(sed 's/^curl: //' trouble | tail -n 1)"
}
get

got=$(sum <archive) || fail "could not compute the SHA-256 of $file"
got=${got%% *}
[ "$got" = "$wanted" ] || fail "$shown is not the released file: its SHA-256 is $got instead of $wanted. Nothing was installed"

if [ "$extension" = tar.gz ]; then
  tar -xzf archive "$program"
elif command -v unzip >/dev/null; then
  unzip -q archive "$program"
else
  "$SYSTEMROOT/System32/tar.exe" -xf archive "$program"
fi
chmod 755 "$program"
said=$(./"$program" --version 2>&1) || fail "$file does not run on this machine: $said"
[ "$said" = "dmswait $version" ] || fail "$file contains '$said' instead of version $version"

mv -f "$program" "../$program"
cd ..
folder=$PWD
! command -v cygpath >/dev/null || folder=$(cygpath -w "$folder")
separator=/
[ "$os" != windows ] || separator=\\
printf '%s\n' "$folder" >>"$GITHUB_PATH"
printf 'version=%s\npath=%s%s%s\n' "$version" "$folder" "$separator" "$program" >>"$GITHUB_OUTPUT"
printf 'Installed dmswait %s in %s\n' "$version" "$folder"
