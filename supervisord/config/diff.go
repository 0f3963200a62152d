package config

import (
	"cmp"
	"slices"

	"supervisor/supervisord/config/option"
)

// Effect is what has to be done after an option has changed.
type Effect int

// The effects.
const (
	EffectLive    Effect = iota // nothing: supervisord applies the new value
	EffectRestart               // restart the process, which was spawned with the old value
)

// String returns a word for the effect.
func (e Effect) String() string { return [...]string{EffectLive: "live", EffectRestart: "restart"}[e] }

// Change is an option with another value. The texts are as one would write them
// in the file. Values of environment variables are left out, since they may be
// secret.
type Change struct {
	Option   string
	Old, New string
	Effect   Effect
}

// ProcessDiff is what has changed about a process.
type ProcessDiff struct {
	Old, New *Process
	Changes  []Change // empty if the two are equal
}

// Restarts reports whether the process has to be restarted.
func (d *ProcessDiff) Restarts() bool {
	return slices.ContainsFunc(d.Changes, func(c Change) bool { return c.Effect == EffectRestart })
}

// GroupDiff is what has changed about a group.
type GroupDiff struct {
	Old, New *Group
	Changes  []Change // of the group's own options
	// Whole says why the group can only be replaced as a whole, "" if its
	// processes can be changed one by one.
	Whole   string
	Added   []*Process    // in the order of New
	Removed []*Process    // in the order of Old
	Kept    []ProcessDiff // all others, changed or not, in the order of New
}

// Diff returns how a group differs from the one that it is to replace. Processes
// with the same name are the same process.
func (g *Group) Diff(old *Group) GroupDiff {
	d := GroupDiff{Old: old, New: g, Changes: g.options(old)}
	was := make(map[string]*Process, len(old.Processes))
	for _, p := range old.Processes {
		was[p.Name] = p
	}
	for _, p := range g.Processes {
		o := was[p.Name]
		if o == nil {
			d.Added = append(d.Added, p)
			continue
		}
		delete(was, p.Name)
		d.Kept = append(d.Kept, ProcessDiff{Old: o, New: p, Changes: p.Diff(o)})
	}
	for _, p := range old.Processes {
		if was[p.Name] == p {
			d.Removed = append(d.Removed, p)
		}
	}
	d.Whole = d.replaceReason()
	return d
}

// IsEmpty reports whether nothing has changed.
func (d *GroupDiff) IsEmpty() bool {
	return len(d.Changes)+len(d.Added)+len(d.Removed) == 0 &&
		!slices.ContainsFunc(d.Kept, func(p ProcessDiff) bool { return len(p.Changes) > 0 })
}

func (d *GroupDiff) replaceReason() string {
	switch {
	case d.Old.Kind != d.New.Kind:
		return "it is defined by another kind of section"
	case d.New.Kind == EventListener && d.membersChange():
		return "the processes of an event listener share a queue"
	case slices.ContainsFunc(d.Changes, func(c Change) bool { return c.Effect == EffectRestart }):
		return "an option of all its processes together has changed"
	}
	return ""
}

// membersChange reports whether processes of a pool are added, removed or restarted.
func (d *GroupDiff) membersChange() bool {
	return len(d.Added)+len(d.Removed) > 0 || slices.ContainsFunc(d.Kept, func(p ProcessDiff) bool { return p.Restarts() })
}

// options compares what belongs to the group itself.
func (g *Group) options(old *Group) []Change {
	var list []Change
	for _, o := range groupFields {
		if o.In == option.InGroup || g.Kind == EventListener && old.Kind == EventListener {
			list = appendChange(list, o, o.ValueText(old), o.ValueText(g))
		}
	}
	return list
}

// Diff returns the options of a process that have other values than those of the
// process that it is to replace, in the order of their names.
func (p *Process) Diff(old *Process) []Change {
	var list []Change
	for _, o := range processFields {
		switch {
		case o.Equal(p, old):
		case o.Name == "environment":
			list = append(list, p.Environment.diff(old.Environment)...)
		default:
			list = appendChange(list, o, o.ValueText(old), o.ValueText(p))
		}
	}
	if p.Kind != old.Kind {
		list = append(list, Change{kindOption, old.Kind.header(), p.Kind.header(), EffectRestart})
	}
	list = append(list, p.Policy.diff(&old.Policy)...)
	slices.SortStableFunc(list, func(a, b Change) int { return cmp.Compare(a.Option, b.Option) })
	return list
}

func appendChange(list []Change, o *option.Option, was, is string) []Change {
	switch {
	case was == is:
		return list
	case o.Live:
		return append(list, Change{o.Name, was, is, EffectLive})
	}
	return append(list, Change{o.Name, was, is, EffectRestart})
}

// kindOption stands for the kind of a process's section, which can be changed
// like an option.
const kindOption = "the kind of its section"

func (k Kind) header() string { return k.Section().Headers()[0] }

// diff names the variables that have changed, without their values.
func (e Environment) diff(old Environment) []Change {
	var list []Change
	is, was := e.Map(), old.Map()
	const set, unset, other = "set", "", "set to something else"
	for name, value := range is {
		switch before, ok := was[name]; {
		case !ok:
			list = append(list, Change{"environment " + name, unset, set, EffectRestart})
		case before != value:
			list = append(list, Change{"environment " + name, set, other, EffectRestart})
		}
	}
	for name := range was {
		if _, ok := is[name]; !ok {
			list = append(list, Change{"environment " + name, set, unset, EffectRestart})
		}
	}
	return list
}
