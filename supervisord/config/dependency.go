package config

import (
	"fmt"
	"strings"

	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/python"
)

// dependencies reads a list such as "db:ready, migrate:success, cache:ready?, queue!".
func dependencies(s string) ([]Dependency, error) {
	var list []Dependency
	for part := range strings.SplitSeq(s, ",") {
		d, err := dependency(python.Strip(part))
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

// dependency reads one. A name may have a colon, so the last part is a condition
// only if it is the word for one.
func dependency(s string) (Dependency, error) {
	d := Dependency{Text: s}
	rest := s
	for marked := true; marked; {
		switch {
		case strings.HasSuffix(rest, "?"):
			rest, d.Soft = strings.TrimSuffix(rest, "?"), true
		case strings.HasSuffix(rest, "!"):
			rest, d.Together = strings.TrimSuffix(rest, "!"), true
		default:
			marked = false
		}
	}
	d.Name = rest
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		for c := ConditionReady; c <= ConditionSuccess; c++ {
			if rest[i+1:] == c.String() {
				d.Name, d.Condition = rest[:i], c
			}
		}
	}
	group, process, both := strings.Cut(d.Name, ":")
	_, err := option.ParseName(group)
	if both && err == nil && process != "*" {
		_, err = option.ParseName(process)
	}
	if err != nil {
		return d, fmt.Errorf("%s is not the name of a program, a group or group:process, with :ready, :started or :success, ? and ! behind it as wanted", python.Repr(s))
	}
	return d, nil
}

// Targets returns the processes that a dependency names: those of the program of
// that name, else those of the group, or the one that it names as group:process.
func (d *Dependency) Targets(all []*Process) []*Process {
	group, process, both := strings.Cut(d.Name, ":")
	var programs, groups []*Process
	for _, p := range all {
		switch {
		case both && p.Group == group && (p.Name == process || process == "*"):
			groups = append(groups, p)
		case !both && p.Program == d.Name:
			programs = append(programs, p)
		case !both && p.Group == d.Name:
			groups = append(groups, p)
		}
	}
	if len(programs) > 0 {
		return programs
	}
	return groups
}
