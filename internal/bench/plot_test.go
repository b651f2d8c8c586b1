package main

import (
	"encoding/xml"
	"io"
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

// box is where something is in the picture.
type box struct {
	name                     string
	left, top, right, bottom float64
}

func (b box) overlaps(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

// boxes are where the points and the level texts of a picture are. A letter is taken to be as wide as most are not.
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

func TestNoLabelIsUnderAnotherOrUnderAPoint(t *testing.T) {
	t.Parallel()
	all := boxes(t, plot())
	assert.Greater(t, len(all), 2*len(everySchedule()))
	for i, one := range all {
		assert.True(t, one.left >= 0 && one.right <= width && one.top >= 0 && one.bottom <= height, "%+v is outside", one)
		for _, other := range all[:i] {
			if one.name != "point" || other.name != "point" { // points are where they are
				assert.False(t, one.overlaps(other), "%+v is over %+v", one, other)
			}
		}
	}
}
