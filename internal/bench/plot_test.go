package main

import (
	"encoding/xml"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func number(t *testing.T, text string) float64 {
	t.Helper()
	value, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err, text)
	return value
}

// box is the bounding box of a point or a label.
type box struct {
	name                     string
	left, top, right, bottom float64
}

func (b box) overlaps(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

// boxes returns the bounding boxes of the points and horizontal labels of a plot. The width of a
// character is taken to be larger than most are.
func boxes(t *testing.T, svg string) (all []box) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(svg))
	var at map[string]string
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			at = map[string]string{"element": token.Name.Local}
			for _, attribute := range token.Attr {
				at[attribute.Name.Local] = attribute.Value
			}
			if at["element"] == "circle" {
				x, y, r := number(t, at["cx"]), number(t, at["cy"]), number(t, at["r"])
				all = append(all, box{"point", x - r, y - r, x + r, y + r})
			}
		case xml.CharData:
			if at["element"] != "text" || at["transform"] != "" || strings.TrimSpace(string(token)) == "" {
				continue
			}
			x, y, wide := number(t, at["x"]), number(t, at["y"]), 7*float64(len(token))
			if at["font-size"] == "16" {
				wide *= 16.0 / 13
			}
			x -= map[string]float64{"middle": wide / 2, "end": wide}[at["text-anchor"]]
			all = append(all, box{string(token), x, y - 10, x + wide, y + 3})
		}
	}
}

func TestLabelsDoNotOverlap(t *testing.T) {
	t.Parallel()
	plotted, err := os.ReadFile("../../.github/schedules.svg") // another test compares it with plot()
	require.NoError(t, err)
	all := boxes(t, string(plotted))
	assert.Greater(t, len(all), 2*len(allSchedules()))
	for i, one := range all {
		inside := one.left >= 0 && one.right <= width && one.top >= 0 && one.bottom <= height
		assert.True(t, inside, "%+v is outside of the plot", one)
		for _, other := range all[:i] {
			if one.name != "point" || other.name != "point" { // points may overlap
				assert.False(t, one.overlaps(other), "%+v overlaps %+v", one, other)
			}
		}
	}
}
