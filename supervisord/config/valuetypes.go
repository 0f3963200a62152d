package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/source"
)

// The types of Supervisor's own options. Their error texts are Supervisor's.
var (
	exitCodesType   = &option.Type{Name: "list of exit codes", Parse: option.Parser(exitCodes)}
	autorestartType = &option.Type{Name: "boolean or unexpected", Parse: option.Parser(autorestart), JSON: autorestartJSON}

	// The order of variables does not count.
	environmentType = &option.Type{
		Name: "environment", Parse: option.Parser(ParseEnvironment),
		Equal: func(a, b any) bool { return maps.Equal(a.(*Environment).Map(), b.(*Environment).Map()) },
		Text:  func(e any) string { return e.(Environment).text() },
		JSON:  func(e any) any { return e.(Environment).Map() },
	}

	// The field of a logfile is the Log of its stream.
	logfileType = &option.Type{
		Name: "log file", Parse: option.HostParser(childLogfile),
		Set: func(field, value any) {
			l, t := field.(*Log), value.(LogTarget)
			l.File, l.Auto = t.File, t.Auto
		},
		Equal: func(a, b any) bool { return a.(*Log).target() == b.(*Log).target() },
		Text:  func(l any) string { return l.(Log).target().String() },
		JSON:  func(l any) any { return l.(Log).target().json() },
	}

	// The order of events does not count.
	eventsType = &option.Type{
		Name: "list", Parse: option.Parser(option.ParseList),
		Equal: func(a, b any) bool { return sortedNames(*a.(*[]string)) == sortedNames(*b.(*[]string)) },
		Text:  sortedNames,
	}

	// Other code reads a socket. Only its URL is compared.
	socketType = &option.Type{
		Name: "text", Parse: option.Text.Parse,
		Equal: func(a, b any) bool { return (*a.(**FastCGISocket)).url() == (*b.(**FastCGISocket)).url() },
		Text:  func(s any) string { return s.(*FastCGISocket).url() },
	}
)

func exitCodes(s string) ([]int, error) {
	codes := []int{}
	if s == "" {
		return codes, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		n, ok := python.ParseInt(part, 10)
		if !ok || n < 0 || n > 255 {
			return nil, fmt.Errorf("not a valid list of exit codes: %s", python.Repr(s))
		}
		codes = append(codes, int(n))
	}
	return codes, nil
}

func autorestart(s string) (Autorestart, error) {
	word := python.Lower(s)
	if word == "unexpected" {
		return RestartUnexpected, nil
	}
	always, err := option.ParseBoolean(word)
	switch {
	case err != nil:
		return RestartNever, fmt.Errorf("invalid 'autorestart' value %s", python.Repr(word))
	case always:
		return RestartAlways, nil
	}
	return RestartNever, nil
}

func autoBoolean(s string) (AutoBool, error) {
	if python.Lower(s) == "auto" {
		return Auto, nil
	}
	yes, err := option.ParseBoolean(s)
	switch {
	case err != nil:
		return Auto, err
	case yes:
		return Yes, nil
	}
	return No, nil
}

// LogTarget is what stdout_logfile= says: a file, AUTO, SYSLOG, or nothing for NONE.
type LogTarget struct {
	File         string
	Auto, Syslog bool
}

// String writes the target as one would in a file.
func (t LogTarget) String() string {
	switch {
	case t.Auto:
		return "AUTO"
	case t.File == "":
		return "NONE"
	}
	return t.File
}

// target returns where the output goes, besides to syslog.
func (l Log) target() LogTarget { return LogTarget{File: l.File, Auto: l.Auto} }

func (t LogTarget) json() any {
	if t.Auto {
		return "AUTO"
	}
	return t.File
}

func childLogfile(h *source.Host, s string) (LogTarget, error) {
	switch python.Lower(s) {
	case "none", "off":
		return LogTarget{}, nil
	case "auto":
		return LogTarget{Auto: true}, nil
	case "syslog":
		return LogTarget{Syslog: true}, nil
	}
	file, err := option.ExistingDirpath(h, s)
	return LogTarget{File: file}, err
}

// statePath is "" for no state file.
func statePath(h *source.Host, s string) (string, error) {
	if python.Lower(s) == "none" {
		return "", nil
	}
	return option.ExistingDirpath(h, s)
}

func orphanPolicy(s string) (OrphanPolicy, error) {
	word := python.Lower(s)
	for p := AdoptOrphans; p <= LeaveOrphans; p++ {
		if p.String() == word {
			return p, nil
		}
	}
	return AdoptOrphans, fmt.Errorf("invalid orphan_policy value %s: adopt, kill or leave", python.Repr(s))
}

// String returns the word in the configuration.
func (a Autorestart) String() string {
	return [...]string{RestartNever: "false", RestartAlways: "true", RestartUnexpected: "unexpected"}[a]
}

func autorestartJSON(a any) any {
	if a == RestartUnexpected {
		return RestartUnexpected.String()
	}
	return a == RestartAlways
}

func sortedNames(list any) string {
	return strings.Join(slices.Sorted(slices.Values(list.([]string))), ",")
}
