package ctl

import (
	"slices"
	"strings"
)

// Description is what there is to say of an action.
type Description struct {
	Name string
	Help []string // a line for each form of it
}

// FlagDescription is what there is to say of a flag.
type FlagDescription struct {
	Usage   string   // with what stands for its value
	Help    string   // what it is for
	Actions []string // those that take it for that
}

// Flags describes the flags of all actions, also of those that Actions leaves out.
func Flags() []FlagDescription {
	var list []FlagDescription
	for _, a := range actionTable() {
		for _, f := range a.flags {
			i := slices.IndexFunc(list, func(d FlagDescription) bool { return d.Usage == f.usage() && d.Help == f.help })
			if i < 0 {
				i = len(list)
				list = append(list, FlagDescription{Usage: f.usage(), Help: f.help})
			}
			list[i].Actions = append(list[i].Actions, a.name)
		}
	}
	return list
}

// Actions describes all actions, ordered by name.
func Actions() []Description {
	var list []Description
	for _, a := range actionTable() {
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
