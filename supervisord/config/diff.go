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
	EffectLive    Effect = iota // nothing but to go by it from now on
	EffectRestart               // another child: the option matters to one that runs
)

// String says so in a word.
func (e Effect) String() string { return [...]string{EffectLive: "live", EffectRestart: "restart"}[e] }

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
	return slices.ContainsFunc(d.Changes, func(c Change) bool { return c.Effect == EffectRestart })
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
	d.Whole = d.replaceReason()
	return d
}

// IsEmpty tells whether there is nothing to do.
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

// membersChange tells whether members of a pool come, go or are replaced.
func (d *GroupDiff) membersChange() bool {
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
	add("priority", strconv.Itoa(old.Priority), strconv.Itoa(g.Priority), EffectLive)
	if g.Kind == EventListener && old.Kind == EventListener {
		add("buffer_size", strconv.Itoa(old.BufferSize), strconv.Itoa(g.BufferSize), EffectRestart)
		add("events", sortedNames(old.Events), sortedNames(g.Events), EffectRestart)
		add("result_handler", old.ResultHandler, g.ResultHandler, EffectRestart)
		add("binary_events", strconv.FormatBool(old.BinaryEvents), strconv.FormatBool(g.BinaryEvents), EffectRestart)
	}
	return list
}

func sortedNames(list []string) string { return strings.Join(slices.Sorted(slices.Values(list)), ",") }

// Diff tells which options of a process have other values than those of the one
// that it is to replace, in the order of their names.
func (p *Process) Diff(old *Process) []Change {
	var list []Change
	for _, a := range attributes {
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

// attribute is what can be different about a process, as a text that is another
// one if and only if it is.
type attribute struct {
	option string
	effect Effect
	text   func(*Process) string
}

// attributes are all but the environment and the policy. What only the supervisor goes by when it
// next decides something is Live, all that the child was born with is not.
var attributes = slices.Concat(
	[]attribute{
		{"autorestart", EffectLive, func(p *Process) string { return p.Autorestart.text() }},
		{"autostart", EffectLive, func(p *Process) string { return strconv.FormatBool(p.Autostart) }},
		{"exitcodes", EffectLive, func(p *Process) string { return joinInts(p.ExitCodes) }},
		{"killasgroup", EffectLive, func(p *Process) string { return strconv.FormatBool(p.KillAsGroup) }},
		{"priority", EffectLive, func(p *Process) string { return strconv.Itoa(p.Priority) }},
		{"startretries", EffectLive, func(p *Process) string { return strconv.Itoa(p.StartRetries) }},
		{"startsecs", EffectLive, func(p *Process) string { return strconv.Itoa(p.StartSecs) }},
		{"stopasgroup", EffectLive, func(p *Process) string { return strconv.FormatBool(p.StopAsGroup) }},
		{"stopsignal", EffectLive, func(p *Process) string { return signalText(p.StopSignal) }},
		{"stopwaitsecs", EffectLive, func(p *Process) string { return strconv.Itoa(p.StopWaitSecs) }},

		{"command", EffectRestart, func(p *Process) string { return p.Command }},
		{"directory", EffectRestart, func(p *Process) string { return p.Directory }},
		{"redirect_stderr", EffectRestart, func(p *Process) string { return strconv.FormatBool(p.RedirectStderr) }},
		{"serverurl", EffectRestart, func(p *Process) string { return p.ServerURL }},
		{"socket", EffectRestart, func(p *Process) string { return p.Socket.url() }},
		{"umask", EffectRestart, func(p *Process) string { return umaskText(p.Umask) }},
		{"user", EffectRestart, (*Process).userText},
		{"the kind of its section", EffectRestart, func(p *Process) string { return sectionOf(p.Kind).Headers()[0] }},
	},
	logAttributes("stdout", func(p *Process) *Log { return &p.Stdout }),
	logAttributes("stderr", func(p *Process) *Log { return &p.Stderr }),
)

func logAttributes(stream string, of func(*Process) *Log) []attribute {
	return []attribute{
		{stream + "_capture_maxbytes", EffectRestart, func(p *Process) string { return strconv.FormatInt(of(p).CaptureMaxBytes, 10) }},
		{stream + "_events_enabled", EffectRestart, func(p *Process) string { return strconv.FormatBool(of(p).Events) }},
		{stream + "_logfile", EffectRestart, func(p *Process) string { return of(p).text() }},
		{stream + "_logfile_backups", EffectRestart, func(p *Process) string { return strconv.Itoa(of(p).Backups) }},
		{stream + "_logfile_maxbytes", EffectRestart, func(p *Process) string { return strconv.FormatInt(of(p).MaxBytes, 10) }},
		{stream + "_syslog", EffectRestart, func(p *Process) string { return strconv.FormatBool(of(p).Syslog) }},
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

func joinInts(list []int) string {
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
