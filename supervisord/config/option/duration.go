package option

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"supervisor/supervisord/config/python"
)

// Forever stands for infinity.
const Forever = time.Duration(math.MaxInt64)

// ParseDuration reads a time as the options do: seconds, or numbers with the units
// ms, s, m, h and d, one after the other. Forever stands for infinity.
func ParseDuration(s string) (time.Duration, error) {
	text := python.Lower(python.Strip(s))
	switch text {
	case "infinity", "infinite", "forever":
		return Forever, nil
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return inRange(s, seconds*float64(time.Second))
	}
	if days, rest, ok := strings.Cut(text, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil {
			return 0, invalidDuration(s)
		}
		d := time.Duration(0)
		if rest != "" {
			if d, err = time.ParseDuration(rest); err != nil {
				return 0, invalidDuration(s)
			}
		}
		return inRange(s, n*24*float64(time.Hour)+float64(d))
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, invalidDuration(s)
	}
	return inRange(s, float64(d))
}

// FormatDuration writes a time as one would in a file, without units that are 0: 10m,
// not 10m0s.
func FormatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func inRange(s string, d float64) (time.Duration, error) {
	if d >= 0 && d < float64(math.MaxInt64) {
		return time.Duration(d), nil
	}
	return 0, invalidDuration(s)
}

func invalidDuration(s string) error {
	return fmt.Errorf("%s is not a time such as 30, 500ms, 10s, 5m, 1h30m, 2d or infinity", python.Repr(s))
}
