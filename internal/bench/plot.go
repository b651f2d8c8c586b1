package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// side is the position of a label relative to its point.
type side int

const (
	right side = iota
	left
	above
	below
)

// axis maps values to coordinates, on a logarithmic scale.
type axis struct {
	min, max   float64 // the values at its ends
	start, end float64 // the coordinates of its ends
	ticks      []float64
}

func (a axis) at(value float64) float64 {
	return a.start + (a.end-a.start)*math.Log(value/a.min)/math.Log(a.max/a.min)
}

const width, height = 800, 520

var (
	pollAxis = axis{
		min: 4, max: 700, start: 70, end: width - 25,
		ticks: []float64{5, 10, 20, 50, 100, 200, 500},
	}
	delayAxis = axis{
		min: 0.015, max: 1.8, start: height - 60, end: 60,
		ticks: []float64{0.02, 0.05, 0.1, 0.2, 0.5, 1},
	}
)

// Colours on white. The background stays white on dark pages.
const (
	ink    = "#1f2328"
	faint  = "#d1d9e0"
	grey   = "#59636e"
	accent = "#c7000b"
	blue   = "#0969da"
)

// plot returns an SVG of the relative delay of each schedule over its polls, with the curve of the
// bound.
func plot() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" `+
		`font-family="sans-serif" font-size="13" fill="%s" role="img">`+"\n", width, height, ink)
	b.WriteString("<title>How soon dmswait and others detect the end of a task, with how many polls</title>\n")
	b.WriteString("<!-- Made by: go run ./internal/bench schedules -svg .github/schedules.svg -->\n")
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="6" fill="#ffffff"/>`+"\n", width, height)
	b.WriteString(text(pollAxis.start, 28, `font-size="16" font-weight="bold"`,
		"How late the end of a task is detected, and after how many polls"))
	b.WriteString(text(pollAxis.start, 46, `fill="`+grey+`"`,
		"Simulated tasks of 3 s to 1 h, as many short ones as long ones; lower left is better"))
	drawAxes(&b)
	drawCurve(&b)
	tasks := allDurations()
	for _, s := range allSchedules() {
		drawPoint(&b, s, measure(s, tasks))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func drawAxes(b *strings.Builder) {
	for _, polls := range pollAxis.ticks {
		x := pollAxis.at(polls)
		b.WriteString(line(x, delayAxis.start, x, delayAxis.end))
		b.WriteString(text(x, delayAxis.start+18, `text-anchor="middle" fill="`+grey+`"`, fmt.Sprint(polls)))
	}
	for _, delay := range delayAxis.ticks {
		y := delayAxis.at(delay)
		b.WriteString(line(pollAxis.start, y, pollAxis.end, y))
		b.WriteString(text(pollAxis.start-8, y+4, `text-anchor="end" fill="`+grey+`"`,
			fmt.Sprintf("%.0f %%", 100*delay)))
	}
	middle := (delayAxis.start + delayAxis.end) / 2
	b.WriteString(text((pollAxis.start+pollAxis.end)/2, height-18, `text-anchor="middle"`,
		"mean number of polls"))
	b.WriteString(text(18, middle, fmt.Sprintf(`text-anchor="middle" transform="rotate(-90 18 %.1f)"`, middle),
		"mean delay relative to the task's duration"))
}

func drawCurve(b *strings.Builder) {
	var points []string
	var end figures
	for _, f := range curve() {
		if f.relative >= delayAxis.min && f.relative <= delayAxis.max && f.polls >= pollAxis.min {
			points = append(points, fmt.Sprintf("%.1f,%.1f", pollAxis.at(f.polls), delayAxis.at(f.relative)))
			if f.polls > 60 {
				end = f
			}
		}
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n",
		strings.Join(points, " "), blue)
	x, y := pollAxis.at(end.polls), delayAxis.at(end.relative)
	b.WriteString(text(x-10, y+16, `text-anchor="end" fill="`+blue+`"`, "the best that pauses in proportion"))
	b.WriteString(text(x-10, y+32, `text-anchor="end" fill="`+blue+`"`, "to the elapsed time could achieve"))
}

func drawPoint(b *strings.Builder, s schedule, f figures) {
	x, y := pollAxis.at(f.polls), delayAxis.at(f.relative)
	radius, fill, weight := 4.5, grey, "normal"
	if s.isOurs {
		radius, fill, weight = 7, accent, "bold"
	}
	fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="%g" fill="%s"/>`+"\n", x, y, radius, fill)
	anchor := "middle"
	switch s.label {
	case right:
		x, y, anchor = x+radius+5, y+4, "start"
	case left:
		x, y, anchor = x-radius-5, y+4, "end"
	case above:
		y -= radius + 6
	case below:
		y += radius + 14
	}
	if s.isOurs {
		anchor += `" fill="` + accent
	}
	b.WriteString(text(x, y, fmt.Sprintf(`text-anchor="%s" font-weight="%s"`, anchor, weight), s.name))
}

func text(x, y float64, attributes, content string) string {
	return fmt.Sprintf(`<text x="%.1f" y="%.1f" %s>%s</text>`+"\n", x, y, attributes, html.EscapeString(content))
}

func line(x1, y1, x2, y2 float64) string {
	const format = `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>` + "\n"
	return fmt.Sprintf(format, x1, y1, x2, y2, faint)
}
