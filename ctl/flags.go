package ctl

import (
	"fmt"
	"slices"
	"strings"
)

// flagSet says which flags an action takes: those with a value, and those
// without.
type flagSet struct{ valued, plain []string }

// parse takes flags out of the words of a line, wherever they stand. A plain one
// has the value "".
func (f flagSet) parse(arg string) (flags map[string]string, rest []string, err error) {
	flags = make(map[string]string)
	words := strings.Fields(arg)
	for i := 0; i < len(words); i++ {
		name, value, joined := strings.Cut(words[i], "=")
		switch {
		case !strings.HasPrefix(name, "--"):
			rest = append(rest, words[i])
			continue
		case slices.Contains(f.valued, name) && !joined:
			if i++; i == len(words) {
				return nil, nil, fmt.Errorf("%s needs a value", name)
			}
			value = words[i]
		case slices.Contains(f.valued, name):
		case slices.Contains(f.plain, name) && !joined:
		default:
			return nil, nil, fmt.Errorf("there is no flag %s here, only %s", words[i], strings.Join(slices.Concat(f.plain, f.valued), " "))
		}
		flags[name] = value
	}
	return flags, rest, nil
}
