package config

// Get returns the value of a variable and whether it is set.
func (e Environment) Get(name string) (string, bool) {
	for _, v := range e {
		if v.Name == name {
			return v.Value, true
		}
	}
	return "", false
}

// with returns e with one more variable, or with its new value in the place of
// the old one. It may change e.
func (e Environment) with(v Variable) Environment {
	for i := range e {
		if e[i].Name == v.Name {
			e[i].Value = v.Value
			return e
		}
	}
	return append(e, v)
}

// merged returns a new set of e's variables, those of other over them.
func (e Environment) merged(other Environment) Environment {
	all := append(Environment(nil), e...)
	for _, v := range other {
		all = all.with(v)
	}
	return all
}

func (e Environment) toMap() map[string]string {
	m := make(map[string]string, len(e))
	for _, v := range e {
		m[v.Name] = v.Value
	}
	return m
}
