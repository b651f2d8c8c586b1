package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// side is where a label stands, seen from its point.
type side int

const (
	right side = iota
	left
	above
	below
)

// axis maps a value on a logarithmic scale to the picture.
type axis struct {
	least, most float64 // the values at its ends
	start, end  float64 // where those are in the picture
	ticks       []float64
}

func (a axis) at(value float64) float64 {
	return a.start + (a.end-a.start)*math.Log(value/a.least)/math.Log(a.most/a.least)
}

const width, height = 800, 520

var (
	pollAxis  = axis{least: 4, most: 700, start: 70, end: width - 25, ticks: []float64{5, 10, 20, 50, 100, 200, 500}}
	delayAxis = axis{least: 0.015, most: 1.8, start: height - 60, end: 60, ticks: []float64{0.02, 0.05, 0.1, 0.2, 0.5, 1}}
)

// colours on white, which stays white where the page is dark.
const (
	ink     = "#1f2328"
	faint   = "#d1d9e0"
	grey    = "#59636e"
	accent  = "#c7000b"
	reached = "#0969da"
)

// plot draws the relative delay of each schedule over its polls, and the curve of the bound.
func plot() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="13" fill="%s" role="img">`, width, height, ink)
	b.WriteString("\n<title>How soon the end of a task is noticed, and with how many polls: dmswait and others</title>\n")
	b.WriteString("<!-- Made by: go run ./internal/bench schedules -svg .github/schedules.svg -->\n")
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="6" fill="#ffffff"/>`+"\n", width, height)
	b.WriteString(text(pollAxis.start, 28, `font-size="16" font-weight="bold"`, "Noticing that a task has ended: how late, after how many polls"))
	b.WriteString(text(pollAxis.start, 46, `fill="`+grey+`"`, "Simulated tasks of 3 s to 1 h, as many short as long; lower left is better"))
	drawAxes(&b)
	drawCurve(&b)
	tasks := allTimes()
	for _, s := range everySchedule() {
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
		b.WriteString(text(pollAxis.start-8, y+4, `text-anchor="end" fill="`+grey+`"`, fmt.Sprintf("%.0f %%", 100*delay)))
	}
	middle := (delayAxis.start + delayAxis.end) / 2
	b.WriteString(text((pollAxis.start+pollAxis.end)/2, height-18, `text-anchor="middle"`, "polls until then, on average"))
	b.WriteString(text(18, middle, fmt.Sprintf(`text-anchor="middle" transform="rotate(-90 18 %.1f)"`, middle), "delay as part of the task's time, on average"))
}

func drawCurve(b *strings.Builder) {
	var points []string
	var end figures
	for _, f := range curve() {
		if f.relative >= delayAxis.least && f.relative <= delayAxis.most && f.polls >= pollAxis.least {
			points = append(points, fmt.Sprintf("%.1f,%.1f", pollAxis.at(f.polls), delayAxis.at(f.relative)))
			if f.polls > 60 {
				end = f
			}
		}
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(points, " "), reached)
	x, y := pollAxis.at(end.polls), delayAxis.at(end.relative)
	b.WriteString(text(x-10, y+16, `text-anchor="end" fill="`+reached+`"`, "what pauses in proportion to the"))
	b.WriteString(text(x-10, y+32, `text-anchor="end" fill="`+reached+`"`, "time elapsed could reach at best"))
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
	return fmt.Sprintf(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>`+"\n", x1, y1, x2, y2, faint)
}
