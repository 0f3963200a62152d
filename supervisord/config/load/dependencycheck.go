package load

import (
	"fmt"
	"slices"
	"strings"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/depends"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/python"
)

// programID identifies a program in a group. Its processes usually have the same
// dependencies.
type programID struct {
	group, program string
}

func programIDOf(p *config.Process) programID { return programID{p.Group, p.Program} }

// dependencyCheck finds dependencies that are missing, on the program itself, in a
// cycle, or unlikely ever to be satisfied.
type dependencyCheck struct {
	*loader
	all        []*config.Process
	targets    map[string][]*config.Process // by the name of the dependency
	graph      depends.Graph[string]
	edges      map[[2]string]*config.Dependency // by the names of both programs
	groupCount map[string]int                   // how many groups a program is in
}

// checkDependencies refuses dependencies that can't work. All groups must be known.
func (l *loader) checkDependencies() {
	c := &dependencyCheck{
		loader: l, targets: make(map[string][]*config.Process), edges: make(map[[2]string]*config.Dependency), groupCount: make(map[string]int),
	}
	anyDependency := false
	for _, g := range l.conf.Groups {
		c.all = append(c.all, g.Processes...)
		for _, p := range g.Processes {
			anyDependency = anyDependency || len(p.DependsOn) > 0
		}
	}
	if !anyDependency {
		return
	}
	seen := make(map[programID]bool)
	for _, p := range c.all {
		if u := programIDOf(p); !seen[u] {
			seen[u] = true
			c.groupCount[p.Program]++
		}
	}
	for _, p := range c.all {
		c.graph.Add(c.programName(p))
	}
	clear(seen)
	for _, p := range c.all {
		c.checkProcess(p, !seen[programIDOf(p)])
		seen[programIDOf(p)] = true
	}
	if cycle := c.graph.Cycle(); cycle != nil {
		d := c.edges[[2]string(cycle[:2])]
		c.failAt(d, "programs depend on one another in a circle: "+strings.Join(cycle, " -> "))
	}
}

// programName is the name of a program, with its group if it is in several.
func (c *dependencyCheck) programName(p *config.Process) string {
	if c.groupCount[p.Program] > 1 {
		return p.Group + ":" + p.Program
	}
	return p.Program
}

// checkProcess checks the dependencies of one process. An error is reported only
// for the first process of a program, since the others usually have the same.
func (c *dependencyCheck) checkProcess(p *config.Process, isFirst bool) {
	kept := p.DependsOn[:0:0]
	for i := range p.DependsOn {
		d := &p.DependsOn[i]
		targets, known := c.targets[d.Name]
		if !known {
			targets = d.Targets(c.all)
			c.targets[d.Name] = targets
		}
		switch {
		case len(targets) == 0 && d.Option != "depends_on": // an option of the plug-in must not keep supervisord from starting
			if isFirst {
				c.warn("[%s] %s names %s, which is no program: it is not waited for", d.Section, d.Option, d.Name)
			}
			continue
		case len(targets) == 0:
			c.failAt(d, fmt.Sprintf("there is no program, group or group:process %s%s", d.Name, option.Suggest(d.Name, c.targetNames())))
		case slices.ContainsFunc(targets, func(t *config.Process) bool { return programIDOf(t) == programIDOf(p) }):
			c.failAt(d, fmt.Sprintf("%s depends on itself: %s -> %s", c.programName(p), c.programName(p), c.programName(p)))
		default:
			c.addEdges(p, d, targets)
		}
		if isFirst && d.Condition == config.ConditionSuccess {
			c.warnUnlikelySuccess(p, d, targets)
		}
		kept = append(kept, *d)
	}
	p.DependsOn = kept
}

func (c *dependencyCheck) addEdges(p *config.Process, d *config.Dependency, targets []*config.Process) {
	from := c.programName(p)
	for _, t := range targets {
		pair := [2]string{from, c.programName(t)}
		if c.edges[pair] == nil {
			c.edges[pair] = d
			c.graph.Connect(depends.Edge[string]{From: pair[0], To: pair[1], Condition: d.Condition.String(), Soft: d.Soft, Together: d.Together})
		}
	}
}

// warnUnlikelySuccess warns of targets that hardly ever succeed: a program that is
// always restarted does not stay successful, and one that exits before startsecs has
// failed to start, even with status 0.
func (c *dependencyCheck) warnUnlikelySuccess(p *config.Process, d *config.Dependency, targets []*config.Process) {
	for i, t := range targets {
		switch {
		case i > 0 && programIDOf(t) == programIDOf(targets[i-1]):
		case t.Autorestart == config.RestartAlways:
			c.warn("[%s] waits for %s to end well, but it is restarted whenever it ends: set autorestart=false in [%s]", p.Section, c.programName(t), t.Section)
		case t.StartSecs > 0:
			c.warn("[%s] waits for %s to end well, but if it ends within %d seconds its start has failed: set startsecs=0 in [%s]",
				p.Section, c.programName(t), t.StartSecs, t.Section)
		}
	}
}

// failAt notes an error in the option that names a dependency.
func (c *dependencyCheck) failAt(d *config.Dependency, text string) {
	in, _ := option.KindOf(d.Section)
	c.reader(in, d.Section).Fail(d.Option, text)
}

// targetNames lists the names that a dependency can have.
func (c *dependencyCheck) targetNames() []string {
	var list []string
	for _, p := range c.all {
		list = append(list, p.Program, p.Group)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// dependentStartup reads the options of the plug-in supervisord-dependent-startup,
// an older way to start programs in order.
func (r *reader) dependentStartup(p *config.Process) {
	const name = "dependent_startup_wait_for"
	text, _ := r.Text(name)
	if !get[bool](r, "dependent_startup") {
		if strings.TrimSpace(text) != "" {
			r.warnExtension("[%s] %s has no effect without dependent_startup=true", r.Section, name)
		}
		return
	}
	p.AutostartByPlugin, p.Autostart = !p.Autostart, true // the plug-in wants it to be false, and starts the program itself
	for word := range strings.FieldsSeq(text) {
		i := strings.LastIndexByte(word, ':')
		if i <= 0 {
			r.warnExtension("[%s] %s: %s is not program:state and is not waited for", r.Section, name, python.Repr(word))
			continue
		}
		d := config.Dependency{Text: word, Name: word[:i], Section: r.Section, Option: name}
		if !parsePluginStates(&d, word[i+1:]) {
			r.warnExtension("[%s] %s: %s can't be waited for, only starting, running and exited can", r.Section, name, python.Repr(word))
			continue
		}
		p.DependsOn = append(p.DependsOn, d)
	}
	if get[bool](r, "dependent_startup_inherit_priority") {
		r.inheritsPriority = append(r.inheritsPriority, p)
	}
}

// parsePluginStates translates the plug-in's states. One of several is enough; a
// state that follows only a failure makes the dependency soft.
func parsePluginStates(d *config.Dependency, list string) bool {
	var running, exited, starting bool
	for state := range strings.SplitSeq(strings.ToLower(list), ",") {
		switch strings.TrimSpace(state) {
		case "starting":
			starting = true
		case "running":
			running = true
		case "exited":
			exited = true
		case "backoff", "fatal":
			d.Soft = true
		}
	}
	switch {
	case starting:
		d.Condition = config.ConditionStarted
	case running && exited:
		d.Condition = config.ConditionReadyOrSuccess
	case exited:
		d.Condition = config.ConditionSuccess
	case !running:
		return false
	}
	return true
}

// inheritPriorities gives programs that ask for it the priority of their
// dependencies, if that is earlier.
func (l *loader) inheritPriorities() {
	if len(l.inheritsPriority) == 0 {
		return
	}
	var all []*config.Process
	for _, g := range l.conf.Groups {
		all = append(all, g.Processes...)
	}
	for _, p := range l.inheritsPriority {
		for i := range p.DependsOn {
			for _, t := range p.DependsOn[i].Targets(all) {
				p.Priority = min(p.Priority, t.Priority)
			}
		}
	}
}

// warnObsoletePlugin warns that the plug-in is not needed.
func (l *loader) warnObsoletePlugin() {
	for _, g := range l.conf.Groups {
		if g.Kind != config.EventListener || len(g.Processes) == 0 {
			continue
		}
		command := strings.ReplaceAll(g.Processes[0].Command, "-", "_")
		if strings.Contains(command, "supervisord_dependent_startup") {
			l.warnExtension("[%s] is not needed: supervisord reads dependent_startup and dependent_startup_wait_for itself", g.Section)
		}
	}
}
