#!/usr/bin/env bash
# Installs the released dmswait whose version and checksums lie beside this script, and puts it into PATH for the steps that follow.
# The version is the file version; checksums.txt is as sha256sum writes it. A release's commit has both, so whoever pins that commit pins these bytes, wherever they come from.
# What is read from outside: DMSWAIT_SETUP_BASE_URL, and what the runner gives: RUNNER_OS, RUNNER_ARCH, RUNNER_TEMP, GITHUB_PATH, GITHUB_OUTPUT.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tries=3

# fail says why, as an annotation of the step: those are one line.
fail() {
  local words="$*" percent=% cr=$'\r' lf=$'\n' # bash 3.2, which macOS has, takes no quotes in patterns
  words=${words//$percent/%25}
  words=${words//$cr/%0D}
  printf '::error title=dmswait setup::%s\n' "${words//$lf/%0A}"
  exit 1
}

version=$(tr -d '\r\n' <"$here/version" 2>/dev/null) || version=
case $version in
  unreleased) fail "this commit of the action is no release, so there is no program to install: refer to a release, e.g. dmswait/dmswait/setup@v1" ;;
  [0-9]*.[0-9]*.[0-9]*) ;;
  *) fail "the action is incomplete: its file setup/version has no version" ;;
esac
for name in RUNNER_TEMP GITHUB_PATH GITHUB_OUTPUT; do
  [ -n "${!name:-}" ] || fail "$name is not set: this runs as a step of GitHub Actions"
done

# The files of a release are named after Go's names for systems and architectures.
extension=tar.gz
program=dmswait
case ${RUNNER_OS:-} in
  Linux) os=linux ;;
  macOS) os=darwin ;;
  Windows) os=windows extension=zip program=dmswait.exe ;;
  *) fail "there is no dmswait for the system '${RUNNER_OS:-}'" ;;
esac
case ${RUNNER_ARCH:-} in
  X64) arch=amd64 ;;
  ARM64) arch=arm64 ;;
  *) fail "there is no dmswait for the architecture '${RUNNER_ARCH:-}'" ;;
esac
file=dmswait_${version}_${os}_${arch}.${extension}

base=${DMSWAIT_SETUP_BASE_URL:-https://github.com/dmswait/dmswait/releases/download}
case $base in
  https://* | http://*) ;;
  *) fail "base_url is no https:// or http:// address" ;;
esac
url=${base%/}/v$version/$file
shown=$(printf '%s' "${base%/}" | sed 's|//[^/]*@|//***@|') # without a login at the mirror

wanted=$(awk -v file="$file" '{ sub(/\r$/, "") } $2 == file || $2 == "*" file { print $1 }' "$here/checksums.txt" 2>/dev/null) || wanted=
[[ $wanted =~ ^[0-9a-f]{64}$ ]] || fail "the action is incomplete: its file setup/checksums.txt has no checksum of $file"

command -v curl >/dev/null || fail "curl is missing on this runner"
if command -v sha256sum >/dev/null; then
  sum() { sha256sum; }
elif command -v shasum >/dev/null; then
  sum() { shasum -a 256; }
else
  fail "sha256sum and shasum are missing on this runner"
fi

# Only names without a folder from here on: on Windows, each tool has its own idea of a path. Nothing stays here but the program.
folder=$RUNNER_TEMP/dmswait-$version
mkdir -p "$folder"
cd "$folder"
work=$PWD/$(mktemp -d download.XXXXXX)
trap 'cd / && rm -rf "$work"' EXIT
cd "$work"

# A new try is for what may be better then: no connection, a broken one, a server's own trouble.
get() {
  local try status code
  for ((try = 1; ; try++)); do
    code=0
    status=$(curl --silent --show-error --fail --location --globoff --proto '=https,http' --connect-timeout 20 --speed-limit 1 --speed-time 60 --max-time 600 \
      --output archive --write-out '%{http_code}' -- "$url" 2>trouble) || code=$?
    [ "$code" != 0 ] || return 0
    case $status in
      408 | 429 | 5?? | 000 | 2??) [ "$try" -lt "$tries" ] || break ;;
      *) break ;;
    esac
    sleep "$((try * 2))"
  done
  if [ "$status" = 404 ]; then
    fail "there is no $file of version $version at $shown (404)"
  fi
  fail "$file could not be downloaded from $shown: $(sed 's/^curl: //' trouble | tail -n 1)"
}
get

got=$(sum <archive) || fail "the SHA-256 of $file could not be computed"
got=${got%% *}
[ "$got" = "$wanted" ] || fail "$file from $shown is not what was released: its SHA-256 is $got instead of $wanted. Nothing was installed"

if [ "$extension" = tar.gz ]; then
  tar -xzf archive "$program"
elif command -v unzip >/dev/null; then
  unzip -q archive "$program"
else
  "$SYSTEMROOT/System32/tar.exe" -xf archive "$program"
fi
chmod 755 "$program"
said=$(./"$program" --version 2>&1) || fail "$file does not run on this machine: $said"
[ "$said" = "dmswait $version" ] || fail "$file calls itself '$said'"

mv -f "$program" "../$program"
cd ..
folder=$PWD
! command -v cygpath >/dev/null || folder=$(cygpath -w "$folder")
separator=/
[ "$os" != windows ] || separator=\\
printf '%s\n' "$folder" >>"$GITHUB_PATH"
printf 'version=%s\npath=%s%s%s\n' "$version" "$folder" "$separator" "$program" >>"$GITHUB_OUTPUT"
printf 'dmswait %s is in %s\n' "$version" "$folder"
