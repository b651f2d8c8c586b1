#!/usr/bin/env bash
# Draws the pictures of the documentation: demo.svg and failure.svg, runs of the demo in a terminal, and
# summary.png, a job summary as GitHub shows it.
#
#   .github/picture.sh             # all of them
#   .github/picture.sh terminal    # needs Go with a module proxy, and tmux
#   .github/picture.sh summary     # needs Go, Node.js, npm with a registry, Chromium, pngquant, an emoji font
#
# On Debian: apt-get install tmux nodejs npm chromium pngquant fonts-liberation fonts-noto-color-emoji
set -euo pipefail
cd "$(dirname "$0")/.."

freeze=github.com/charmbracelet/freeze@v0.2.2
# GitHub's Markdown, and its style.
markdown='micromark@4.0.3 micromark-extension-gfm@3.0.0 github-markdown-css@5.9.0'
mermaid=mermaid@11.17.2
font='ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, Liberation Mono, monospace'
columns=110
rows=50

folder=$PWD/.github
work=$(mktemp -d)
terminal=dmswait-picture-$$
trap 'tmux -L "$terminal" kill-server 2>/dev/null || true; rm -rf "$work"' EXIT

fail() { echo "picture.sh: $*" >&2; exit 1; }
needs() {
  for tool; do
    command -v "$tool" >/dev/null || fail "$tool is not installed; the comment at the top lists what is needed"
  done
}

# terminal draws what a person sees in a terminal: demo.svg while the program waits, failure.svg after a task
# has failed.
terminal() {
  needs go tmux
  go build -o "$work/" . ./internal/demo # fills the build cache, so that go run prints nothing of its own
  shot demo 'go run ./internal/demo -end progress' '[4-9][0-9]%.* next poll in'
  shot failure 'go run ./internal/demo -end failed' '^The exit code was'
}

# shot NAME COMMAND PATTERN types a command into a shell in tmux, and draws the screen once it matches the
# pattern. Port numbers are left out, and so is everything after the exit code.
shot() {
  # shellcheck disable=SC2016 # the prompt is the inner shell's
  local shell=(env -u NO_COLOR -u TMUX -u CI 'PS1=\[\e[32m\]$\[\e[0m\] ' bash --noprofile --norc)
  tmux -u -L "$terminal" -f /dev/null new-session -d -x "$columns" -y "$rows" "${shell[@]}"
  screen() { tmux -L "$terminal" capture-pane -p "$@"; }
  until screen | grep -q '^\$'; do sleep 0.1; done
  tmux -L "$terminal" send-keys "$2" Enter
  local left=600
  until screen | grep -q "$3"; do
    sleep 0.2
    left=$((left - 1))
    [ "$left" -gt 0 ] || { screen >&2; fail "the screen never matched: $3"; }
  done
  screen -e -J >"$work/captured.txt" # with colours, and wrapped lines joined
  sed -E -e '/^The exit code was/q' "$work/captured.txt" |
    sed -E -e 's/127\.0\.0\.1:[0-9]+/127.0.0.1:…/g' -e 's/ +$//' >"$work/screen.txt"
  go run "$freeze" "$work/screen.txt" --language ansi --wrap "$columns" --output "$work/$1.svg" \
    --window --padding 20,24,24,24 --border.radius 8 --background '#0d1117' --line-height 1.35 \
    --font.size 14 --font.family "$font" >/dev/null
  [ -s "$work/$1.svg" ] || fail "freeze created no picture"
  ! grep -qF -e "$PWD" -e "$work" -e "$HOME/" "$work/$1.svg" || fail "the picture contains a path of this machine"
  cp "$work/$1.svg" "$folder/$1.svg"
  tmux -L "$terminal" kill-server
  sleep 0.5
}

# program prints a Go program that writes a job summary to the file it is given. It is built as a package of
# this module by an overlay, because it needs the internal packages.
program() {
  cat <<'EOF'
package main

import (
	"log"
	"os"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/output"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
)

func main() {
	start := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	timeline := &output.Timeline{}
	observe := func(from, to time.Duration, kind poll.Kind, status client.Status) {
		for at := from; at <= to; at += 20 * time.Second {
			timeline.Poll(poll.Outcome{At: at, Kind: kind, Task: client.Task{Status: status}})
		}
	}
	observe(300*time.Millisecond, 50*time.Second, poll.Running, client.Created)
	observe(54*time.Second, 290*time.Second, poll.Running, client.Executing)
	observe(301*time.Second, 380*time.Second, poll.Failing, "")
	observe(391*time.Second, 715*time.Second, poll.Running, client.Executing)
	waited := 718400 * time.Millisecond
	observe(waited, waited, poll.Ended, client.Success)
	const id = "ff80808272dcc90f0172df1e490f41b0"
	report := result.Report{
		Result: result.Success,
		TaskID: id,
		Task: client.Task{
			ID: id, Name: "bindInstancePublicIp", Status: client.Success,
			Params:    `{"public_ip_id":"06a13350-4305-4338-9f0e-6b322bb1413d","public_ip_address":"203.0.113.7"}`,
			CreatedAt: start.Add(-2 * time.Second).Format(time.RFC3339Nano),
			UpdatedAt: start.Add(712659 * time.Millisecond).Format(time.RFC3339Nano),
		},
		Progress: &client.Progress{Percent: 100, Steps: []client.Step{
			{Name: "checkInstance", State: "SUCCESS"}, {Name: "bindPublicIp", State: "SUCCESS"},
			{Name: "updateRoutes", State: "SUCCESS"},
		}},
		Waited: waited, Polls: 44, At: start.Add(waited),
	}
	if err := (output.JobSummary{Path: os.Args[1], Timeline: timeline}).Write(report); err != nil {
		log.Fatal(err)
	}
}
EOF
}

# page prints a Node.js program that renders summary.md as HTML: GitHub's Markdown, the three emojis, and the
# chart by Mermaid. When the page is loaded, data-drawn is its height in pixels, or the error.
page() {
  cat <<'EOF'
import {readFileSync} from 'node:fs'
import {micromark} from 'micromark'
import {gfm, gfmHtml} from 'micromark-extension-gfm'

const emojis = {white_check_mark: '✅', x: '❌', hourglass: '⌛'}
const markdown = readFileSync('summary.md', 'utf8').replace(/:(white_check_mark|x|hourglass):/g, (_, name) => emojis[name])
const html = micromark(markdown, {allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()]})
  .replace(/<pre><code class="language-mermaid">([^]*?)<\/code><\/pre>/g, '<div class="mermaid">$1</div>')
const css = readFileSync('node_modules/github-markdown-css/github-markdown-light.css', 'utf8')
console.log(`<!doctype html><html data-drawn="no"><meta charset="utf-8"><style>${css}
body { margin: 0; padding: 20px 24px; background: #fff } .markdown-body { width: 800px } .mermaid { margin-top: -24px; margin-bottom: -32px }</style>
<article class="markdown-body">${html}</article>
<script src="node_modules/mermaid/dist/mermaid.min.js"></script>
<script>
mermaid.initialize({startOnLoad: false})
mermaid.run().then(
  () => document.documentElement.dataset.drawn = Math.ceil(document.querySelector('article').getBoundingClientRect().bottom) + 20,
  error => document.documentElement.dataset.drawn = error.message)
</script></html>`)
EOF
}

summary() {
  needs go node npm chromium pngquant
  program >"$work/main.go"
  printf '{"Replace": {"%s": "%s"}}' "$PWD/internal/picture/main.go" "$work/main.go" >"$work/overlay.json"
  go run -overlay "$work/overlay.json" ./internal/picture "$work/summary.md"
  page >"$work/page.mjs"
  # shellcheck disable=SC2086 # a list
  (cd "$work" && npm install --silent --no-audit --no-fund --ignore-scripts $markdown "$mermaid" &&
    node page.mjs >page.html)
  local height
  height=$(browser 848 600 --dump-dom | sed -n 's/.*<html data-drawn="\([^"]*\)".*/\1/p')
  [[ $height =~ ^[0-9]+$ ]] || fail "the summary could not be drawn: $height"
  browser 848 "$height" --force-device-scale-factor=2 --screenshot="$work/summary.png"
  pngquant --force --strip --speed 1 --output "$folder/summary.png" 64 "$work/summary.png"
}

# browser WIDTH HEIGHT FLAG... opens the page in Chromium.
browser() {
  timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
    --user-data-dir="$(mktemp -d -p "$work")" \
    --virtual-time-budget=10000 --window-size="$1,$2" "${@:3}" "file://$work/page.html" 2>/dev/null
}

case ${*:-both} in
  terminal | summary) "$1" ;;
  both) terminal; summary ;;
  *) fail "usage: .github/picture.sh [terminal|summary]" ;;
esac
