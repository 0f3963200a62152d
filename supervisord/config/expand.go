package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"supervisor/supervisord/python"
)

// Names is a set of the names that %(name)s may refer to in an option's value.
// ENV_X, an environment variable, may be referred to everywhere.
type Names uint8

// The members of Names.
const (
	NameHere    Names = 1 << iota // here: the directory of the main file
	NameHost                      // host_node_name
	NameProgram                   // program_name
	NameGroup                     // group_name
	NameNumber                    // process_num and numprocs, which are integers
	NameOwnEnv                    // ENV_X of the program's own environment=
)

// List returns the names of the set that are not ENV_X.
func (n Names) List() []string {
	var list []string
	for _, v := range (&vars{}).fixed() {
		if n&v.in != 0 {
			list = append(list, v.name)
		}
	}
	return list
}

// vars holds the values of the names at one place in the files.
type vars struct {
	here, host     string
	program, group string
	num, count     int               // process_num, numprocs
	env            map[string]string // without ENV_
	own            map[string]string // likewise, of NameOwnEnv
}

type variable struct {
	name  string
	in    Names
	value any // string or int
}

func (v *vars) fixed() []variable {
	return []variable{
		{"here", NameHere, v.here},
		{"host_node_name", NameHost, v.host},
		{"program_name", NameProgram, v.program},
		{"group_name", NameGroup, v.group},
		{"process_num", NameNumber, v.num},
		{"numprocs", NameNumber, v.count},
	}
}

// lookup finds the value of a name, a string or an int.
func (v *vars) lookup(allowed Names, name string) (any, bool) {
	if name, ok := strings.CutPrefix(name, "ENV_"); ok {
		if value, ok := v.own[name]; ok && allowed&NameOwnEnv != 0 {
			return value, true
		}
		value, ok := v.env[name]
		return value, ok
	}
	for _, f := range v.fixed() {
		if f.name == name && allowed&f.in != 0 {
			return f.value, true
		}
	}
	return nil, false
}

// available lists all names in order.
func (v *vars) available(allowed Names) []string {
	set := make(map[string]bool)
	for _, name := range allowed.List() {
		set[name] = true
	}
	for name := range v.env {
		set["ENV_"+name] = true
	}
	if allowed&NameOwnEnv != 0 {
		for name := range v.own {
			set["ENV_"+name] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// expand replaces %(name)s and its kin in the value of the option called where
// ("section.option").
func (v *vars) expand(allowed Names, value, where string) (string, error) {
	if !strings.Contains(value, "%") {
		return value, nil
	}
	s, err := python.Format(value, func(name string) (any, bool) { return v.lookup(allowed, name) })
	if unknown, ok := errors.AsType[python.UnknownName](err); ok {
		return "", fmt.Errorf("Format string %s for %s contains names (%s) which cannot be expanded. Available names: %s",
			python.Repr(value), python.Repr(where), python.Repr(string(unknown)), strings.Join(v.available(allowed), ", "))
	}
	if err != nil {
		return "", fmt.Errorf("Format string %s for %s is badly formatted: %w", python.Repr(value), python.Repr(where), err)
	}
	return s, nil
}
