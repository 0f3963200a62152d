package ctl

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervisor/supervisord/config"
)

// actionFlag is one flag of an action.
type actionFlag struct {
	name  string    // with its hyphens
	value valueType // of what follows it; the zero type for nothing
	help  string
}

// valueType says what a flag's value looks like.
type valueType struct {
	word  string // stands for the value in a usage line
	check func(text string) error
}

// The types of values. What they accept the daemon understands.
var (
	durationValue = valueType{"TIME", func(text string) error {
		_, err := config.ParseDuration(text)
		return err
	}}
	shareValue = valueType{"N|N%", func(text string) error {
		_, err := config.ParseShare(text)
		return err
	}}
	countValue = valueType{"N", func(text string) error {
		if n, err := strconv.ParseInt(text, 10, 32); err != nil || n < 0 {
			return fmt.Errorf("%q is not a whole number from 0 on", text)
		}
		return nil
	}}
	timeoutValue = valueType{"TIME", func(text string) error {
		_, err := parseTimeout(text)
		return err
	}}
	pathValue = valueType{"PATH", func(text string) error {
		if text == "" {
			return errors.New("the path is empty")
		}
		return nil
	}}
	goals     = []string{"running", "ready", "stopped", "exited"}
	goalValue = valueType{strings.Join(goals, "|"), func(text string) error {
		if !slices.Contains(goals, text) {
			return fmt.Errorf("%q is none of %s", text, strings.Join(goals, ", "))
		}
		return nil
	}}
)

// parseTimeout reads a time that is in seconds or has units, more than 0 and at
// most 20 days.
func parseTimeout(text string) (time.Duration, error) {
	timeout, err := time.ParseDuration(text)
	if seconds, bad := strconv.Atoi(text); bad == nil {
		timeout, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || timeout <= 0 || timeout > 20*24*time.Hour {
		return 0, fmt.Errorf("%s is no time such as 10, 500ms, 10s or 2m", text)
	}
	return timeout, nil
}

// arguments are what stands behind an action.
type arguments struct {
	line        string            // all of it as it was typed; without flags and "--" if there are any
	words       []string          // what is no flag
	literalFrom int               // the words from this one on stood behind "--"
	flags       map[string]string // the flags; the value is "" for one that has none
}

// has reports whether a flag was given.
func (in arguments) has(name string) bool {
	_, ok := in.flags[name]
	return ok
}

// flagError is a flag that an action refuses. Nothing has been sent then.
type flagError string

func (m flagError) Error() string { return string(m) }

// parse reads the arguments of an action. A flag may stand anywhere before "--".
// A word that looks like a flag and is none is an error: taken for a name it
// would leave the action to do something else than what was meant.
func (s *session) parse(a *action, line string) (arguments, error) {
	words := strings.Fields(line)
	in := arguments{line: line, flags: make(map[string]string)}
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case word == "--":
			in.literalFrom = len(in.words)
			in.words = append(in.words, words[i+1:]...)
			in.line = strings.Join(in.words, " ")
			return in, nil
		case !looksLikeFlag(word), a.operand != nil && a.operand(word, len(in.words)):
			in.words = append(in.words, word)
			continue
		}
		name, value, hasValue := strings.Cut(word, "=")
		f, ok := a.flag(name)
		if !ok {
			return in, s.unknownFlag(a, name)
		}
		if f.value.check != nil && !hasValue && i+1 < len(words) && !looksLikeFlag(words[i+1]) {
			i++
			value, hasValue = words[i], true
		}
		if err := f.accept(value, hasValue); err != nil {
			return in, flagError(a.name + ": " + err.Error())
		}
		in.flags[f.name] = value
	}
	in.literalFrom = len(in.words)
	if len(in.flags) > 0 {
		in.line = strings.Join(in.words, " ")
	}
	return in, nil
}

// looksLikeFlag reports whether a word begins with a hyphen, or with one of the dashes
// that text programs put in the place of one or two of them.
func looksLikeFlag(word string) bool {
	return strings.HasPrefix(word, "-") || word != normalizeDashes(word)
}

// normalizeDashes puts hyphens in the place of dashes at the beginning of a word.
func normalizeDashes(word string) string {
	rest := strings.TrimLeft(word, "-‐‑‒–—―−")
	dashes := word[:len(word)-len(rest)]
	return strings.NewReplacer("‐", "-", "‑", "-", "‒", "-", "–", "-", "−", "-", "—", "--", "―", "--").Replace(dashes) + rest
}

// accept checks a value, or that there is none.
func (f actionFlag) accept(value string, hasValue bool) error {
	switch {
	case f.value.check == nil && hasValue:
		return fmt.Errorf("%s takes no value", f.name)
	case f.value.check == nil:
		return nil
	case !hasValue:
		return fmt.Errorf("%s needs a value, %s", f.name, f.value.word)
	}
	if err := f.value.check(value); err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}

// usage is how a flag is written.
func (f actionFlag) usage() string {
	if f.value.check == nil {
		return f.name
	}
	return f.name + " " + f.value.word
}

func (a *action) flag(name string) (actionFlag, bool) {
	i := slices.IndexFunc(a.flags, func(f actionFlag) bool { return f.name == name })
	if i < 0 {
		return actionFlag{}, false
	}
	return a.flags[i], true
}
