package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"supervisor/supervisord/api/signals"
)

// Effect is what a changed option asks for.
type Effect int

// The effects.
const (
	Live    Effect = iota // nothing but to go by it from now on
	Restart               // another child: the option matters to one that runs
)

// String says so in a word.
func (e Effect) String() string { return [...]string{Live: "live", Restart: "restart"}[e] }

// Change is an option with another value. The texts are as one would write them
// in the file; those of environment variables are left out, since they may be
// nobody's business.
type Change struct {
	Option   string
	Old, New string
	Effect   Effect
}

// ProcessDiff is a process that is configured in another way.
type ProcessDiff struct {
	Old, New *Process
	Changes  []Change // none if the two are equal
}

// Restarts tells whether there has to be another child.
func (d *ProcessDiff) Restarts() bool {
	return slices.ContainsFunc(d.Changes, func(c Change) bool { return c.Effect == Restart })
}

// GroupDiff is what has changed about a group.
type GroupDiff struct {
	Old, New *Group
	Changes  []Change // of the group's own options
	// Whole says why the group can only be replaced as a whole, "" if its
	// processes can be dealt with one by one.
	Whole   string
	Added   []*Process    // in the order of New
	Removed []*Process    // in the order of Old
	Kept    []ProcessDiff // all others, changed or not, in the order of New
}

// Diff tells how a group differs from the one that it is to replace. Processes
// are the same if they have one name.
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
	d.Whole = d.whole()
	return d
}

// IsEmpty tells whether there is nothing to do.
func (d *GroupDiff) IsEmpty() bool {
	return len(d.Changes)+len(d.Added)+len(d.Removed) == 0 &&
		!slices.ContainsFunc(d.Kept, func(p ProcessDiff) bool { return len(p.Changes) > 0 })
}

func (d *GroupDiff) whole() string {
	switch {
	case d.Old.Kind != d.New.Kind:
		return "it is defined by another kind of section"
	case d.New.Kind == EventListener && d.sharesMore():
		return "the processes of an event listener share a queue"
	case slices.ContainsFunc(d.Changes, func(c Change) bool { return c.Effect == Restart }):
		return "an option of all its processes together has changed"
	}
	return ""
}

// sharesMore tells whether members of a pool come, go or are replaced.
func (d *GroupDiff) sharesMore() bool {
	return len(d.Added)+len(d.Removed) > 0 || slices.ContainsFunc(d.Kept, func(p ProcessDiff) bool { return p.Restarts() })
}

// options compares what belongs to the group itself.
func (g *Group) options(old *Group) []Change {
	var list []Change
	add := func(option, was, is string, effect Effect) {
		if was != is {
			list = append(list, Change{option, was, is, effect})
		}
	}
	add("priority", strconv.Itoa(old.Priority), strconv.Itoa(g.Priority), Live)
	if g.Kind == EventListener && old.Kind == EventListener {
		add("buffer_size", strconv.Itoa(old.BufferSize), strconv.Itoa(g.BufferSize), Restart)
		add("events", sortedNames(old.Events), sortedNames(g.Events), Restart)
		add("result_handler", old.ResultHandler, g.ResultHandler, Restart)
		add("binary_events", strconv.FormatBool(old.BinaryEvents), strconv.FormatBool(g.BinaryEvents), Restart)
	}
	return list
}

func sortedNames(list []string) string { return strings.Join(slices.Sorted(slices.Values(list)), ",") }

// Diff tells which options of a process have other values than those of the one
// that it is to replace, in the order of their names.
func (p *Process) Diff(old *Process) []Change {
	var list []Change
	for _, a := range aspects {
		if was, is := a.text(old), a.text(p); was != is {
			list = append(list, Change{a.option, was, is, a.effect})
		}
	}
	list = append(list, p.Environment.diff(old.Environment)...)
	list = append(list, p.Policy.diff(&old.Policy)...)
	slices.SortStableFunc(list, func(a, b Change) int { return cmp.Compare(a.Option, b.Option) })
	return list
}

// diff names the variables that are others, and not what they are.
func (e Environment) diff(old Environment) []Change {
	var list []Change
	is, was := e.toMap(), old.toMap()
	const set, unset, other = "set", "", "set to something else"
	for name, value := range is {
		switch before, ok := was[name]; {
		case !ok:
			list = append(list, Change{"environment " + name, unset, set, Restart})
		case before != value:
			list = append(list, Change{"environment " + name, set, other, Restart})
		}
	}
	for name := range was {
		if _, ok := is[name]; !ok {
			list = append(list, Change{"environment " + name, set, unset, Restart})
		}
	}
	return list
}

// aspect is what can be different about a process, as a text that is another
// one if and only if it is.
type aspect struct {
	option string
	effect Effect
	text   func(*Process) string
}

// aspects are all but the environment and the policy. What only the supervisor goes by when it
// next decides something is Live, all that the child was born with is not.
var aspects = slices.Concat(
	[]aspect{
		{"autorestart", Live, func(p *Process) string { return p.Autorestart.text() }},
		{"autostart", Live, func(p *Process) string { return strconv.FormatBool(p.Autostart) }},
		{"exitcodes", Live, func(p *Process) string { return numbers(p.ExitCodes) }},
		{"killasgroup", Live, func(p *Process) string { return strconv.FormatBool(p.KillAsGroup) }},
		{"priority", Live, func(p *Process) string { return strconv.Itoa(p.Priority) }},
		{"startretries", Live, func(p *Process) string { return strconv.Itoa(p.StartRetries) }},
		{"startsecs", Live, func(p *Process) string { return strconv.Itoa(p.StartSecs) }},
		{"stopasgroup", Live, func(p *Process) string { return strconv.FormatBool(p.StopAsGroup) }},
		{"stopsignal", Live, func(p *Process) string { return signalText(p.StopSignal) }},
		{"stopwaitsecs", Live, func(p *Process) string { return strconv.Itoa(p.StopWaitSecs) }},

		{"command", Restart, func(p *Process) string { return p.Command }},
		{"directory", Restart, func(p *Process) string { return p.Directory }},
		{"redirect_stderr", Restart, func(p *Process) string { return strconv.FormatBool(p.RedirectStderr) }},
		{"serverurl", Restart, func(p *Process) string { return p.ServerURL }},
		{"socket", Restart, func(p *Process) string { return p.Socket.url() }},
		{"umask", Restart, func(p *Process) string { return umaskText(p.Umask) }},
		{"user", Restart, (*Process).userText},
		{"the kind of its section", Restart, func(p *Process) string { return sectionOf(p.Kind).Headers()[0] }},
	},
	logAspects("stdout", func(p *Process) *Log { return &p.Stdout }),
	logAspects("stderr", func(p *Process) *Log { return &p.Stderr }),
)

func logAspects(stream string, of func(*Process) *Log) []aspect {
	return []aspect{
		{stream + "_capture_maxbytes", Restart, func(p *Process) string { return strconv.FormatInt(of(p).CaptureMaxBytes, 10) }},
		{stream + "_events_enabled", Restart, func(p *Process) string { return strconv.FormatBool(of(p).Events) }},
		{stream + "_logfile", Restart, func(p *Process) string { return of(p).text() }},
		{stream + "_logfile_backups", Restart, func(p *Process) string { return strconv.Itoa(of(p).Backups) }},
		{stream + "_logfile_maxbytes", Restart, func(p *Process) string { return strconv.FormatInt(of(p).MaxBytes, 10) }},
		{stream + "_syslog", Restart, func(p *Process) string { return strconv.FormatBool(of(p).Syslog) }},
	}
}

func (l *Log) text() string {
	switch {
	case l.Auto:
		return "AUTO"
	case l.File == "":
		return "NONE"
	}
	return l.File
}

func (a Autorestart) text() string {
	return [...]string{RestartNever: "false", RestartAlways: "true", RestartUnexpected: "unexpected"}[a]
}

func numbers(list []int) string {
	var all []string
	for _, n := range list {
		all = append(all, strconv.Itoa(n))
	}
	return strings.Join(all, ",")
}

func signalText(sig syscall.Signal) string { return strings.TrimPrefix(signals.Name(sig), "SIG") }

func umaskText(umask int) string {
	if umask < 0 {
		return ""
	}
	return fmt.Sprintf("%03o", umask)
}

func (p *Process) userText() string {
	if p.UID == nil {
		return ""
	}
	return strconv.Itoa(*p.UID)
}
