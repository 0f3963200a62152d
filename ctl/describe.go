package ctl

import "strings"

// Description is what there is to say of an action.
type Description struct {
	Name string
	Help []string // a line for each form of it
}

// Actions describes all actions, ordered by name.
func Actions() []Description {
	var list []Description
	for _, a := range table() {
		if a.hidden {
			continue
		}
		d := Description{Name: a.name}
		for _, line := range a.help {
			if words := strings.Fields(line); len(words) > 0 {
				d.Help = append(d.Help, strings.Join(words, " "))
			}
		}
		list = append(list, d)
	}
	return list
}
