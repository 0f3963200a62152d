package load

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/python"
)

// groups reads all sections that become groups: first [group:x], because the
// programs in them form no groups of their own.
func (l *loader) groups() {
	grouped := make(map[string]bool)
	for _, header := range l.Sections("group:") {
		l.addGroup(l.group(header, grouped))
	}
	for _, header := range l.Sections("program:") {
		if !grouped[header] {
			l.addGroup(l.program(header))
		}
	}
	for _, header := range l.Sections("eventlistener:") {
		l.addGroup(l.eventListener(header))
	}
	for _, header := range l.Sections("fcgi-program:") {
		if !grouped[header] {
			l.addGroup(l.fastCGI(header))
		}
	}
	slices.SortStableFunc(l.conf.Groups, func(a, b *config.Group) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), strings.Compare(a.Name, b.Name))
	})
}

// addGroup completes the environments of the processes of a group, checks that their
// names differ, and adds the group.
func (l *loader) addGroup(g *config.Group) {
	names := make(map[string]bool)
	for _, p := range g.Processes {
		p.Environment = l.conf.Supervisord.Environment.Merged(p.Environment)
		if p.Name != "" && names[p.Name] {
			r := l.reader(option.InPrograms, p.Section)
			r.WithLocation = true
			r.Fail("process_name", fmt.Sprintf("There is more than one process named %s in group %s", python.Repr(p.Name), python.Repr(g.Name)))
		}
		names[p.Name] = true
	}
	l.conf.Groups = append(l.conf.Groups, g)
}

// addProgram adds the processes of a section to a group.
func (l *loader) addProgram(g *config.Group, kind config.Kind, header string, socket *config.FastCGISocket) {
	list, program := l.processes(kind, header, g.Name, socket)
	g.Processes, g.Programs = append(g.Processes, list...), append(g.Programs, program)
}

// groupReader reads those options of a program's section that belong to its group.
// The processes are not known yet, so %(name)s may refer to less, and error texts do
// not contain the position.
func (l *loader) groupReader(in option.Sections, header string) *reader {
	r := l.reader(in, header)
	r.AllowedNames = option.NameHere
	return r
}

// sectionName checks the name after the colon of a section's header.
func (r *reader) sectionName() string {
	_, text, _ := strings.Cut(r.Section, ":")
	if _, err := option.ParseName(text); err != nil {
		r.Fail("", err.Error())
	}
	return python.Strip(text)
}

// group reads a [group:x] and marks the sections of its programs.
func (l *loader) group(header string, grouped map[string]bool) *config.Group {
	r := l.reader(option.InGroup, header)
	g := &config.Group{Section: header, Kind: config.ProgramGroup, Name: r.sectionName()}
	programs := get[[]string](r, "programs")
	needs := r.dependsOn()
	g.Priority = get[int](r, "priority")
	for _, p := range programs {
		program, fastCGI := "program:"+p, "fcgi-program:"+p
		switch isProgram, isFastCGI := l.Table.Has(program), l.Table.Has(fastCGI); {
		case isProgram && isFastCGI:
			r.Fail("programs", fmt.Sprintf("[%s] name %s is ambiguous (exists as program and fcgi-program)", header, p))
		case isProgram:
			grouped[program] = true
			l.addProgram(g, config.ProgramGroup, program, nil)
		case isFastCGI:
			grouped[fastCGI] = true
			socket := new(config.FastCGISocket)
			l.addProgram(g, config.FastCGI, fastCGI, socket)
			*socket = l.groupReader(option.InFastCGI, fastCGI).socket()
		default:
			r.Fail("programs", fmt.Sprintf("[%s] names unknown program or fcgi-program %s", header, p))
		}
	}
	for _, p := range g.Processes {
		if len(needs) == 0 {
			break
		}
		if !p.Configured {
			l.reader(p.Kind.Section(), p.Section).policy(&p.Policy) // for its defaults
		}
		p.DependsOn = slices.Concat(p.DependsOn, needs)
	}
	return g
}

// program reads a [program:x] that is in no [group:x].
func (l *loader) program(header string) *config.Group {
	r := l.groupReader(option.InProgram, header)
	g := &config.Group{Section: header, Kind: config.ProgramGroup, Name: r.sectionName()}
	g.Priority = get[int](r, "priority")
	l.addProgram(g, config.ProgramGroup, header, nil)
	return g
}

// eventListener reads an [eventlistener:x].
func (l *loader) eventListener(header string) *config.Group {
	r := l.groupReader(option.InEventListener, header)
	_, pool, _ := strings.Cut(header, ":")
	g := &config.Group{Section: header, Kind: config.EventListener, Name: pool, Priority: -1}
	if r.IsSet("priority") {
		g.Priority = get[int](r, "priority")
	}
	if size, ok := read[int](r, "buffer_size"); ok && size < 1 {
		r.Fail("buffer_size", fmt.Sprintf("[%s] section sets invalid buffer_size (%d)", header, size))
	} else {
		g.BufferSize = size
	}
	if handler, ok := r.Text("result_handler"); ok && r.Resolve("result_handler", handler) {
		g.ResultHandler = handler
	}
	g.BinaryEvents = get[bool](r, "binary_events")
	g.Events = r.events()
	if get[bool](r, "redirect_stderr") {
		r.Fail("redirect_stderr", fmt.Sprintf("[%s] section sets redirect_stderr=true but this is not allowed "+
			"because it will interfere with the eventlistener protocol", header))
	}
	l.addProgram(g, config.EventListener, header, nil)
	return g
}

// events reads the names of the events that a pool listens to, each once.
func (r *reader) events() []string {
	var events []string
	names, ok := read[[]string](r, "events")
	if len(names) == 0 && (ok || !r.IsSet("events")) {
		r.Fail("events", fmt.Sprintf("[%s] section requires an \"events\" line", r.Section))
	}
	for _, n := range names {
		n = strings.ToUpper(n)
		if !slices.Contains(eventTypes(), n) {
			r.Fail("events", fmt.Sprintf("Unknown event type %s in [%s] events", n, r.Section))
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
