package action

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervisor/supervisord/config/option"
)

// Flag is one flag of an action.
type Flag struct {
	Name  string    // with its hyphens
	Value ValueType // the zero type if the flag takes no value
	Help  string
}

// ValueType says what the value of a flag looks like.
type ValueType struct {
	word  string // stands for the value in a usage line
	check func(text string) error
}

// goals are what the action wait can wait for.
var goals = []string{"running", "ready", "stopped", "exited"}

// The types of values. The daemon understands every value that they accept.
var (
	Duration = ValueType{"TIME", func(text string) error {
		_, err := option.ParseDuration(text)
		return err
	}}
	Share = ValueType{"N|N%", func(text string) error {
		_, err := option.ParseShare(text)
		return err
	}}
	Count = ValueType{"N", func(text string) error {
		if n, err := strconv.ParseInt(text, 10, 32); err != nil || n < 0 {
			return fmt.Errorf("%q is not a whole number of 0 or more", text)
		}
		return nil
	}}
	Timeout = ValueType{"TIME", func(text string) error {
		_, err := ParseTimeout(text)
		return err
	}}
	Path = ValueType{"PATH", func(text string) error {
		if text == "" {
			return errors.New("the path is empty")
		}
		return nil
	}}
	Lines = ValueType{"N", func(text string) error {
		if n, err := strconv.ParseInt(text, 10, 32); text != "all" && (err != nil || n < 0) {
			return fmt.Errorf("%q is neither a whole number from 0 on nor all", text)
		}
		return nil
	}}
	Moment = ValueType{"TIME", func(text string) error {
		_, err := ParseMoment(text, time.Now())
		return err
	}}
	RegExp = ValueType{"REGEXP", func(text string) error {
		if text == "" {
			return errors.New("the regular expression is empty")
		}
		_, err := regexp.Compile(text)
		return err
	}}
	Goal = ValueType{strings.Join(goals, "|"), func(text string) error {
		if !slices.Contains(goals, text) {
			return fmt.Errorf("%q is not one of %s", text, strings.Join(goals, ", "))
		}
		return nil
	}}
)

// momentLayouts are the ways to write a time of the local zone.
var momentLayouts = []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"}

// ParseMoment reads a time: a duration before now such as 10m, 90s, 2h or 3d, a time of
// this day such as 14:30, a date with or without a time, RFC 3339, "today" or
// "yesterday". A time of day that is still to come means that of yesterday.
func ParseMoment(text string, now time.Time) (time.Time, error) {
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch text {
	case "today":
		return midnight, nil
	case "yesterday":
		return midnight.AddDate(0, 0, -1), nil
	}
	if ago, err := option.ParseDuration(text); err == nil && ago != option.Forever {
		return now.Add(-ago), nil
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at, nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			at = time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), at.Second(), 0, now.Location())
			if at.After(now) {
				at = at.AddDate(0, 0, -1)
			}
			return at, nil
		}
	}
	for _, layout := range momentLayouts {
		if at, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time such as 10m, 14:30, 2026-11-30 14:30 or yesterday", text)
}

// ParseTimeout reads a time such as "10", which is in seconds, or "1m30s". It is
// more than 0 and at most 20 days.
func ParseTimeout(text string) (time.Duration, error) {
	timeout, err := time.ParseDuration(text)
	if seconds, bad := strconv.Atoi(text); bad == nil {
		timeout, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || timeout <= 0 || timeout > 20*24*time.Hour {
		return 0, fmt.Errorf("%q is not a time such as 10, 500ms, 10s or 2m", text)
	}
	return timeout, nil
}

// takesValue reports whether a value follows the flag.
func (f Flag) takesValue() bool { return f.Value.check != nil }

// Usage returns the flag as it is typed, such as "--timeout TIME".
func (f Flag) Usage() string {
	if !f.takesValue() {
		return f.Name
	}
	return f.Name + " " + f.Value.word
}

// accept checks a value, or that there is none.
func (f Flag) accept(value string, hasValue bool) error {
	switch {
	case !f.takesValue() && hasValue:
		return fmt.Errorf("%s takes no value", f.Name)
	case !f.takesValue():
		return nil
	case !hasValue:
		return fmt.Errorf("%s needs a value, %s", f.Name, f.Value.word)
	}
	if err := f.Value.check(value); err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	return nil
}

// flag looks up a flag of an action by its exact name.
func (a *Spec) flag(name string) (Flag, bool) {
	i := slices.IndexFunc(a.Flags, func(f Flag) bool { return f.Name == name })
	if i < 0 {
		return Flag{}, false
	}
	return a.Flags[i], true
}
