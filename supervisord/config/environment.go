package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"supervisor/supervisord/config/shlex"
)

// Get returns the value of a variable and whether it is set.
func (e Environment) Get(name string) (string, bool) {
	for _, v := range e {
		if v.Name == name {
			return v.Value, true
		}
	}
	return "", false
}

// with returns e with a variable added, or with its value replaced. It may
// change e.
func (e Environment) with(v Variable) Environment {
	for i := range e {
		if e[i].Name == v.Name {
			e[i].Value = v.Value
			return e
		}
	}
	return append(e, v)
}

// Merged returns a new set of e's variables, with those of other added or
// replacing them.
func (e Environment) Merged(other Environment) Environment {
	all := append(Environment(nil), e...)
	for _, v := range other {
		all = all.with(v)
	}
	return all
}

// Map returns the variables by name.
func (e Environment) Map() map[string]string {
	m := make(map[string]string, len(e))
	for _, v := range e {
		m[v.Name] = v.Value
	}
	return m
}

// ParseEnvironment reads the list of environment=. The token that separates two
// pairs may be any. Of two values for one name the last one counts.
func ParseEnvironment(s string) (Environment, error) {
	tokens, err := shlex.Tokens(s)
	if err != nil {
		return nil, err
	}
	var env Environment
	for len(tokens) > 0 {
		if len(tokens) < 3 || tokens[1] != "=" {
			return nil, fmt.Errorf("Unexpected end of key/value pairs in value '%s'", s)
		}
		env = env.with(Variable{tokens[0], tokens[2]})
		tokens = tokens[min(4, len(tokens)):]
	}
	return env, nil
}

// text writes all variables in the order of their names, each with a NUL after it.
func (e Environment) text() string {
	var b strings.Builder
	all := e.Map()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.WriteString(name + "=" + all[name] + "\x00")
	}
	return b.String()
}
