package compat

import (
	"slices"
	"strings"

	"supervisor/ctl"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/events"
	"supervisor/supervisord/server/rpc"
)

const head = `# Compatibility with Supervisor

Made from the tables of the code; change those, then run
` + "`go test ./supervisord/compat -update`" + `.

Configuration files, command lines, exit statuses, log lines, XML-RPC, events
and web pages are those of Supervisor 4.4. Where the column "Status" says so,
something is different on purpose: look the code up in the list at the end.
`

const debianChanges = `
## What 4.4 changed against 4.2.5

Debian and Ubuntu have Supervisor 4.2.5. What its users notice of 4.4 is:

* The option environment is read by the rules of POSIX shells: a backslash in double
  quotes protects " and \\, quoted parts stick to the text beside them, quotes around
  a name go away. A="a\\\\b" was a\\\\b and is a\\b. ` + "`supervisord -t`" + ` warns of each value
  that 4.2.5 reads otherwise.
* environment of [supervisord] is expanded once and not twice, so that %% works;
  host\_node\_name can be used.
* Programs start at once, not a second after the daemon.
* getAllConfigInfo tells autorestart too.
* Errors about plug-ins say why, behind the text of 4.2.5.
* -v and getSupervisorVersion tell another version.
`

// Document returns docs/compatibility.md.
func Document() string {
	d := &document{}
	d.text(head)
	d.options()
	d.methods()
	d.actions()
	d.events()
	d.differences()
	d.text(debianChanges)
	return d.String()
}

// document is Markdown that is being written.
type document struct{ strings.Builder }

func (d *document) text(s string) { d.WriteString(s) }

// table begins a table below a heading.
func (d *document) table(heading string, columns ...string) {
	d.text("\n## " + heading + "\n\n")
	d.row(columns...)
	d.row(slices.Repeat([]string{"---"}, len(columns))...)
}

// row writes a row, with everything that Markdown would take for markup
// written so that it does not.
func (d *document) row(cells ...string) {
	d.text("|")
	for _, c := range cells {
		d.text(" " + strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`).Replace(c) + " |")
	}
	d.text("\n")
}

func (d *document) options() {
	d.table("Options", "Option", "Where", "Type", "Default", "Meaning", "Status")
	for _, o := range config.Options() {
		d.row(o.Name, optionPlaces(o), o.ValueType().Name, o.Default, o.Help, optionStatus(o))
	}
}

// optionPlaces tells in which sections an option may stand, and how it is written on
// supervisord's command line.
func optionPlaces(o option.Option) string {
	var places []string
	for _, h := range o.In.Headers() {
		places = append(places, "["+h+"]")
	}
	if o.Flag == nil {
		return strings.Join(places, ", ")
	}
	for letter := range strings.SplitSeq(o.Flag.Short, "") {
		places = append(places, "-"+letter)
	}
	places = append(places, "--"+o.FlagName())
	return strings.Join(places, ", ")
}

func (d *document) methods() {
	d.table("XML-RPC methods", "Method", "Result (parameters)", "Meaning", "Status")
	for _, m := range rpc.Methods() {
		name := m.Name
		if m.Alias != "" {
			name += ", " + m.Alias
		}
		d.row(name, m.Signature, m.Help, ownStatus(m.Unlisted, status(subject{aMethod, m.Name})))
	}
}

func (d *document) actions() {
	d.table("Actions of supervisorctl", "Action", "Help", "Status")
	for _, a := range ctl.Table().Describe() {
		d.row(a.Name, strings.Join(a.Help, " / "), status(subject{anAction, a.Name}))
	}
	d.table("Flags of actions, none of which Supervisor has", "Flag", "Actions", "Meaning")
	for _, f := range ctl.Table().DescribeFlags() {
		d.row(f.Usage, strings.Join(f.Actions, ", "), f.Help)
	}
}

func (d *document) events() {
	d.table("Events", "Type", "Tells of", "Status")
	for _, t := range events.Types() {
		d.row(string(t), eventMeaning(t), status(subject{anEvent, string(t)}))
	}
}

func (d *document) differences() {
	d.table("Deliberate differences", "Code", "Area", "Supervisor", "Here", "Why")
	for _, x := range Differences() {
		d.row(x.Code, x.Area, x.Supervisor, x.Here, x.Why)
	}
}

// optionSubjects returns all names by which a difference may speak of an
// option.
func optionSubjects(o option.Option) []subject {
	list := []subject{{anOption, o.Name}}
	for _, h := range o.In.Headers() {
		list = append(list, subject{anOption, h + " " + o.Name})
	}
	return list
}

// optionStatus is status for an option, which may be one of our own.
func optionStatus(o option.Option) string {
	return ownStatus(o.Extension, status(optionSubjects(o)...))
}

// ownStatus is a status for what may be our own.
func ownStatus(own bool, s string) string {
	switch {
	case !own:
		return s
	case s == "the same":
		return "new"
	}
	return strings.Replace(s, "differs", "new", 1)
}

// status says "the same" as in Supervisor, or else which of the
// differences concern what has one of the names.
func status(names ...subject) string {
	var codes []string
	for _, x := range Differences() {
		if slices.ContainsFunc(names, func(s subject) bool { return slices.Contains(x.Concerns, s) }) {
			codes = append(codes, x.Code)
		}
	}
	if len(codes) == 0 {
		return "the same"
	}
	return "differs: " + strings.Join(codes, ", ")
}

// eventMeaning tells what an event of a type tells of, "" if that is not known.
func eventMeaning(t events.Type) string {
	switch t {
	case events.Any:
		return "anything: whoever asks for it gets all events"
	case events.ProcessState:
		return "any change of a process's state"
	case events.ProcessStateStarting:
		return "a process is about to be born"
	case events.ProcessStateRunning:
		return "a process has stayed up for startsecs"
	case events.ProcessStateBackoff:
		return "a process could not be started, or ended too soon"
	case events.ProcessStateStopping:
		return "a process was sent its stop signal"
	case events.ProcessStateExited:
		return "a process has ended by itself"
	case events.ProcessStateStopped:
		return "a process has ended because it was stopped"
	case events.ProcessStateFatal:
		return "a process was tried too often"
	case events.ProcessStateUnknown:
		return "a process can't be signalled"
	case events.ProcessLog:
		return "output of a process, with stdout_events_enabled or stderr_events_enabled"
	case events.ProcessLogStdout:
		return "output on stdout"
	case events.ProcessLogStderr:
		return "output on stderr"
	case events.ProcessCommunication:
		return "what a process wrote between the capture tokens"
	case events.ProcessCommunicationOut:
		return "the same, on stdout"
	case events.ProcessCommunicationErr:
		return "the same, on stderr"
	case events.RemoteCommunication:
		return "a call of sendRemoteCommEvent"
	case events.SupervisorStateChange:
		return "supervisord itself"
	case events.SupervisorRunning:
		return "supervisord has started"
	case events.SupervisorStopping:
		return "supervisord begins to stop"
	case events.Tick:
		return "the passing of time"
	case events.Tick5:
		return "another 5 seconds"
	case events.Tick60:
		return "another minute"
	case events.Tick3600:
		return "another hour"
	case events.ProcessGroup:
		return "the set of groups"
	case events.ProcessGroupAdded:
		return "a group was put to use"
	case events.ProcessGroupRemoved:
		return "a group was taken out of use"
	}
	return ""
}
