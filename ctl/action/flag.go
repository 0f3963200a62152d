package action

import (
	"errors"
	"fmt"
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
	Goal = ValueType{strings.Join(goals, "|"), func(text string) error {
		if !slices.Contains(goals, text) {
			return fmt.Errorf("%q is not one of %s", text, strings.Join(goals, ", "))
		}
		return nil
	}}
)

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
