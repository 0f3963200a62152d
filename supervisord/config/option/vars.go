package option

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"supervisor/supervisord/config/python"
)

// Names is a set of the names that %(name)s may refer to in an option's value.
// ENV_X, an environment variable, may be referred to everywhere.
type Names uint8

// The members of Names.
const (
	NameHere       Names = 1 << iota // here: the directory of the main file
	NameHost                         // host_node_name
	NameProgram                      // program_name
	NameGroup                        // group_name
	NameNumber                       // process_num and numprocs, which are integers
	NameProgramEnv                   // ENV_X of the program's own environment=
)

// List returns the names of the set that are not ENV_X.
func (n Names) List() []string {
	var list []string
	for _, name := range fixedNames() {
		if in, _ := (&Vars{}).fixed(name); n&in != 0 {
			list = append(list, name)
		}
	}
	return list
}

// Vars holds the values of the names for one section or process.
type Vars struct {
	Here, Host     string
	Program, Group string
	Num, Numprocs  int               // process_num, numprocs
	Env            map[string]string // of ENV_X, by X
	ProgramEnv     map[string]string // likewise, of NameProgramEnv
}

// fixedNames lists the names that are not ENV_X.
func fixedNames() []string {
	return []string{"here", "host_node_name", "program_name", "group_name", "process_num", "numprocs"}
}

// fixed returns the value of a fixed name, a string or an int, and the set that it is
// in, which is empty for other names.
func (v *Vars) fixed(name string) (in Names, value any) {
	switch name {
	case "here":
		return NameHere, v.Here
	case "host_node_name":
		return NameHost, v.Host
	case "program_name":
		return NameProgram, v.Program
	case "group_name":
		return NameGroup, v.Group
	case "process_num":
		return NameNumber, v.Num
	case "numprocs":
		return NameNumber, v.Numprocs
	}
	return 0, nil
}

// lookup finds the value of a name, a string or an int.
func (v *Vars) lookup(allowed Names, name string) (any, bool) {
	if name, ok := strings.CutPrefix(name, "ENV_"); ok {
		if value, ok := v.ProgramEnv[name]; ok && allowed&NameProgramEnv != 0 {
			return value, true
		}
		value, ok := v.Env[name]
		return value, ok
	}
	in, value := v.fixed(name)
	if in&allowed == 0 {
		return nil, false
	}
	return value, true
}

// available lists all names in order.
func (v *Vars) available(allowed Names) []string {
	set := make(map[string]bool)
	for _, name := range allowed.List() {
		set[name] = true
	}
	for name := range v.Env {
		set["ENV_"+name] = true
	}
	if allowed&NameProgramEnv != 0 {
		for name := range v.ProgramEnv {
			set["ENV_"+name] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// Expand replaces %(name)s and Python's other conversions in an option's value.
// Error texts call the option optionName.
func (v *Vars) Expand(allowed Names, value, optionName string) (string, error) {
	if !strings.Contains(value, "%") {
		return value, nil
	}
	s, err := python.Format(value, func(name string) (any, bool) { return v.lookup(allowed, name) })
	if unknown, ok := errors.AsType[python.UnknownName](err); ok {
		return "", fmt.Errorf("Format string %s for %s contains names (%s) which cannot be expanded. Available names: %s",
			python.Repr(value), python.Repr(optionName), python.Repr(string(unknown)), strings.Join(v.available(allowed), ", "))
	}
	if err != nil {
		return "", fmt.Errorf("Format string %s for %s is badly formatted: %w", python.Repr(value), python.Repr(optionName), err)
	}
	return s, nil
}
