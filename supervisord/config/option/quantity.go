package option

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"supervisor/supervisord/config/python"
)

// ParseCount reads a whole number that is at least least.
func ParseCount(s string, least int) (int, error) {
	n, ok := python.ParseInt(s, 10)
	if !ok || n < int64(least) || n > math.MaxInt32 {
		return 0, fmt.Errorf("%s is not a whole number from %d on", python.Repr(s), least)
	}
	return int(n), nil
}

// factor reads a factor.
func factor(s string) (float64, error) {
	f, err := strconv.ParseFloat(python.Strip(s), 64)
	if err != nil || !(f >= 1 && f <= 1000) {
		return 0, fmt.Errorf("%s is not a factor from 1 to 1000", python.Repr(s))
	}
	return f, nil
}

// fraction reads a share, as 0.2 or 20%.
func fraction(s string) (float64, error) {
	text, percent := strings.CutSuffix(python.Strip(s), "%")
	f, err := strconv.ParseFloat(text, 64)
	if percent {
		f /= 100
	}
	if err != nil || !(f >= 0 && f <= 1) {
		return 0, fmt.Errorf("%s is not a share from 0 to 1, or from 0%% to 100%%", python.Repr(s))
	}
	return f, nil
}

// ParseShare reads a number of processes or a percentage of them, as
// rolling_batch= does.
func ParseShare(s string) (Share, error) {
	text, percent := strings.CutSuffix(python.Strip(s), "%")
	n, err := ParseCount(text, 1)
	if err != nil || percent && n > 100 {
		return Share{}, fmt.Errorf("%s is neither a number from 1 on nor a percentage from 1%% to 100%%", python.Repr(s))
	}
	return Share{n, percent}, nil
}

// distinctNames reads words separated by commas, all different.
func distinctNames(s string) ([]string, error) {
	items, _ := ParseList(s)
	for i, item := range items {
		if item == "" || slices.Contains(items[:i], item) {
			return nil, fmt.Errorf("%s is not a list of different names, separated by commas", python.Repr(s))
		}
	}
	return items, nil
}

// Share is a number or a percentage.
type Share struct {
	N       int
	Percent bool
}

// Of returns the share of a number of things, at least 1.
func (s Share) Of(total int) int {
	n := s.N
	if s.Percent {
		n = total * s.N / 100
	}
	return max(n, 1)
}
