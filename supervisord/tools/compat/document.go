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

This page is generated from the tables of the code; change those, then run
` + "`go test ./supervisord/tools/compat -update`" + `.

Configuration files, command lines, exit statuses, log lines, XML-RPC, events and web
pages are those of Supervisor 4.4. If the column "Status" says "differs", the difference
is deliberate, and the list at the end explains its code.
`

const debianChanges = `
## What 4.4 changed against 4.2.5

Debian and Ubuntu ship Supervisor 4.2.5. Its users notice these changes of 4.4:

* The option environment is read by the rules of POSIX shells: a backslash in double
  quotes protects " and \\, quoted parts join the text beside them, quotes around a
  name are removed. A="a\\\\b" was a\\\\b and is a\\b. ` + "`supervisord -t`" + ` warns of each
  value that 4.2.5 reads differently.
* environment of [supervisord] is expanded once instead of twice, so that %% works;
  host\_node\_name can be used.
* Programs start at once, not a second after the daemon.
* getAllConfigInfo also returns autorestart.
* Errors about plug-ins give the reason after the text of 4.2.5.
* -v and getSupervisorVersion report another version.
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

// document is the Markdown document.
type document struct{ strings.Builder }

func (d *document) text(s string) { d.WriteString(s) }

// table begins a table below a heading.
func (d *document) table(heading string, columns ...string) {
	d.text("\n## " + heading + "\n\n")
	d.row(columns...)
	d.row(slices.Repeat([]string{"---"}, len(columns))...)
}

// row writes a row and escapes characters that Markdown would take for markup.
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

// optionPlaces returns the sections that an option may be in, and its forms on
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
	d.table("Events", "Type", "Meaning", "Status")
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

// optionSubjects returns all names by which a difference may refer to an option.
func optionSubjects(o option.Option) []subject {
	list := []subject{{anOption, o.Name}}
	for _, h := range o.In.Headers() {
		list = append(list, subject{anOption, h + " " + o.Name})
	}
	return list
}

// optionStatus returns the status of an option, which may be one of our own.
func optionStatus(o option.Option) string {
	return ownStatus(o.Extension, status(optionSubjects(o)...))
}

// ownStatus replaces the status of what Supervisor does not have.
func ownStatus(own bool, s string) string {
	switch {
	case !own:
		return s
	case s == "the same":
		return "new"
	}
	return strings.Replace(s, "differs", "new", 1)
}

// status returns "the same", or the codes of the differences that concern one of the
// names.
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

// eventMeaning describes an event type; "" if the type is unknown.
func eventMeaning(t events.Type) string {
	switch t {
	case events.Any:
		return "any event: a subscriber gets all events"
	case events.ProcessState:
		return "any change of a process's state"
	case events.ProcessStateStarting:
		return "a process is about to be started"
	case events.ProcessStateRunning:
		return "a process has stayed up for startsecs"
	case events.ProcessStateBackoff:
		return "a process could not be started, or exited too soon"
	case events.ProcessStateStopping:
		return "a process was sent its stop signal"
	case events.ProcessStateExited:
		return "a process has exited by itself"
	case events.ProcessStateStopped:
		return "a process has exited because it was stopped"
	case events.ProcessStateFatal:
		return "a process has failed to start too often"
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
		return "a change of the state of supervisord"
	case events.SupervisorRunning:
		return "supervisord has started"
	case events.SupervisorStopping:
		return "supervisord begins to stop"
	case events.Tick:
		return "the passing of time"
	case events.Tick5:
		return "every 5 seconds"
	case events.Tick60:
		return "every minute"
	case events.Tick3600:
		return "every hour"
	case events.ProcessGroup:
		return "a change of the active groups"
	case events.ProcessGroupAdded:
		return "a group was added"
	case events.ProcessGroupRemoved:
		return "a group was removed"
	}
	return ""
}
