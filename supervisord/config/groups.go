package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"supervisor/supervisord/config/python"
)

// groups reads everything that becomes a group: [group:x] first, because the
// programs that they list form no groups of their own.
func (l *loader) groups() {
	grouped := make(map[string]bool)
	for _, section := range l.sections("group:") {
		l.addGroup(l.group(section, grouped))
	}
	for _, section := range l.sections("program:") {
		if !grouped[section] {
			l.addGroup(l.program(section))
		}
	}
	for _, section := range l.sections("eventlistener:") {
		l.addGroup(l.eventListener(section))
	}
	for _, section := range l.sections("fcgi-program:") {
		if !grouped[section] {
			l.addGroup(l.fastCGI(section))
		}
	}
	slices.SortStableFunc(l.conf.Groups, func(a, b *Group) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), strings.Compare(a.Name, b.Name))
	})
}

// addGroup takes a group in once its processes' environments are complete and
// their names known to differ.
func (l *loader) addGroup(g *Group) {
	names := make(map[string]bool)
	for _, p := range g.Processes {
		p.Environment = l.conf.Supervisord.Environment.merged(p.Environment)
		if p.Name != "" && names[p.Name] {
			r := l.reader(InPrograms, p.Section)
			r.withLocation = true
			r.fail("process_name", fmt.Sprintf("There is more than one process named %s in group %s", python.Repr(p.Name), python.Repr(g.Name)))
		}
		names[p.Name] = true
	}
	l.conf.Groups = append(l.conf.Groups, g)
}

// addProgram adds a program.
func (g *Group) addProgram(list []*Process, p Program) {
	g.Processes, g.Programs = append(g.Processes, list...), append(g.Programs, p)
}

// groupReader reads the options of a program's section that concern the group
// which it forms. Nothing is known yet of its processes, so that %(name)s may
// refer to less, and the error texts do not say where the mistake is.
func (l *loader) groupReader(in Sections, section string) *reader {
	r := l.reader(in, section)
	r.allowedNames = NameHere
	return r
}

// sectionName checks the name after the colon of a section's header.
func (r *reader) sectionName() string {
	_, text, _ := strings.Cut(r.section, ":")
	if _, err := name(text); err != nil {
		r.fail("", err.Error())
	}
	return python.Strip(text)
}

// group reads a [group:x] and marks the sections of its programs.
func (l *loader) group(section string, grouped map[string]bool) *Group {
	r := l.reader(InGroup, section)
	g := &Group{Section: section, Kind: ProgramGroup, Name: r.sectionName()}
	programs := get[[]string](r, "programs")
	needs := r.dependsOn()
	g.Priority = get[int](r, "priority")
	for _, p := range programs {
		program, fastCGI := "program:"+p, "fcgi-program:"+p
		switch isProgram, isFastCGI := l.table.Has(program), l.table.Has(fastCGI); {
		case isProgram && isFastCGI:
			r.fail("programs", fmt.Sprintf("[%s] name %s is ambiguous (exists as program and fcgi-program)", section, p))
		case isProgram:
			grouped[program] = true
			g.addProgram(l.processes(ProgramGroup, program, g.Name, nil))
		case isFastCGI:
			grouped[fastCGI] = true
			socket := new(FastCGISocket)
			g.addProgram(l.processes(FastCGI, fastCGI, g.Name, socket))
			*socket = l.groupReader(InFastCGI, fastCGI).socket()
		default:
			r.fail("programs", fmt.Sprintf("[%s] names unknown program or fcgi-program %s", section, p))
		}
	}
	for _, p := range g.Processes {
		if len(needs) == 0 {
			break
		}
		if !p.Configured {
			l.reader(sectionOf(p.Kind), p.Section).policy(&p.Policy) // for its defaults
		}
		p.DependsOn = slices.Concat(p.DependsOn, needs)
	}
	return g
}

// program reads a [program:x] that stands in no [group:x].
func (l *loader) program(section string) *Group {
	r := l.groupReader(InProgram, section)
	g := &Group{Section: section, Kind: ProgramGroup, Name: r.sectionName()}
	g.Priority = get[int](r, "priority")
	g.addProgram(l.processes(ProgramGroup, section, g.Name, nil))
	return g
}

// eventListener reads an [eventlistener:x].
func (l *loader) eventListener(section string) *Group {
	r := l.groupReader(InEventListener, section)
	_, pool, _ := strings.Cut(section, ":")
	g := &Group{Section: section, Kind: EventListener, Name: pool, Priority: -1}
	if r.isSet("priority") {
		g.Priority = get[int](r, "priority")
	}
	if size, ok := read[int](r, "buffer_size"); ok && size < 1 {
		r.fail("buffer_size", fmt.Sprintf("[%s] section sets invalid buffer_size (%d)", section, size))
	} else {
		g.BufferSize = size
	}
	if handler, ok := r.text("result_handler"); ok && r.resolve("result_handler", handler) {
		g.ResultHandler = handler
	}
	g.BinaryEvents = get[bool](r, "binary_events")
	g.Events = r.events()
	if get[bool](r, "redirect_stderr") {
		r.fail("redirect_stderr", fmt.Sprintf("[%s] section sets redirect_stderr=true but this is not allowed "+
			"because it will interfere with the eventlistener protocol", section))
	}
	g.addProgram(l.processes(EventListener, section, g.Name, nil))
	return g
}

// events reads the names of the events that a pool listens to, each once.
func (r *reader) events() []string {
	var events []string
	names, ok := read[[]string](r, "events")
	if len(names) == 0 && (ok || !r.isSet("events")) {
		r.fail("events", fmt.Sprintf("[%s] section requires an \"events\" line", r.section))
	}
	for _, n := range names {
		n = strings.ToUpper(n)
		if !slices.Contains(eventTypes(), n) {
			r.fail("events", fmt.Sprintf("Unknown event type %s in [%s] events", n, r.section))
		}
		if !slices.Contains(events, n) {
			events = append(events, n)
		}
	}
	return events
}

// eventTypes lists the types of events that a listener can ask for.
func eventTypes() []string {
	return []string{
		"EVENT",
		"PROCESS_STATE", "PROCESS_STATE_STOPPED", "PROCESS_STATE_EXITED", "PROCESS_STATE_STARTING",
		"PROCESS_STATE_STOPPING", "PROCESS_STATE_BACKOFF", "PROCESS_STATE_FATAL", "PROCESS_STATE_RUNNING",
		"PROCESS_STATE_UNKNOWN",
		"PROCESS_COMMUNICATION", "PROCESS_COMMUNICATION_STDOUT", "PROCESS_COMMUNICATION_STDERR",
		"PROCESS_LOG", "PROCESS_LOG_STDOUT", "PROCESS_LOG_STDERR",
		"REMOTE_COMMUNICATION",
		"SUPERVISOR_STATE_CHANGE", "SUPERVISOR_STATE_CHANGE_RUNNING", "SUPERVISOR_STATE_CHANGE_STOPPING",
		"TICK", "TICK_5", "TICK_60", "TICK_3600",
		"PROCESS_GROUP", "PROCESS_GROUP_ADDED", "PROCESS_GROUP_REMOVED",
	}
}
