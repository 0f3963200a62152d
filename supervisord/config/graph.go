package config

import (
	"fmt"
	"slices"
	"strings"

	"supervisor/supervisord/config/depends"
	"supervisor/supervisord/config/python"
)

// Among returns the processes that a dependency is on: those of the program of
// its name, else those of the group, or the one that it names as group:process.
func (d *Dependency) Among(all []*Process) []*Process {
	group, process, both := strings.Cut(d.Name, ":")
	var programs, groups []*Process
	for _, p := range all {
		switch {
		case both && p.Group == group && (p.Name == process || process == "*"):
			groups = append(groups, p)
		case !both && p.Program == d.Name:
			programs = append(programs, p)
		case !both && p.Group == d.Name:
			groups = append(groups, p)
		}
	}
	if len(programs) > 0 {
		return programs
	}
	return groups
}

// unit is a program in a group, all of whose processes depend on the same.
type unit struct {
	group, program string
}

func unitOf(p *Process) unit { return unit{p.Group, p.Program} }

// dependencyCheck looks at how programs depend on one another: on nobody, on
// themselves, in a circle, or in vain.
type dependencyCheck struct {
	*loader
	all     []*Process
	targets map[string][]*Process // by the name of the dependency
	graph   depends.Graph
	made    map[[2]string]*Dependency // by the names of the units
	shared  map[string]int            // how many groups a program is in
}

// checkDependencies refuses what can't be. It comes when all groups are known.
func (l *loader) checkDependencies() {
	c := &dependencyCheck{
		loader: l, targets: make(map[string][]*Process), made: make(map[[2]string]*Dependency), shared: make(map[string]int),
	}
	some := false
	for _, g := range l.conf.Groups {
		c.all = append(c.all, g.Processes...)
		for _, p := range g.Processes {
			some = some || len(p.DependsOn) > 0
		}
	}
	if !some {
		return
	}
	seen := make(map[unit]bool)
	for _, p := range c.all {
		if u := unitOf(p); !seen[u] {
			seen[u] = true
			c.shared[p.Program]++
		}
	}
	for _, p := range c.all {
		c.graph.Add(c.unit(p))
	}
	clear(seen)
	for _, p := range c.all {
		c.process(p, !seen[unitOf(p)])
		seen[unitOf(p)] = true
	}
	if cycle := c.graph.Cycle(); cycle != nil {
		d := c.made[[2]string(cycle[:2])]
		c.refuse(d, "programs depend on one another in a circle: "+strings.Join(cycle, " -> "))
	}
}

// unit is what a program is called among others.
func (c *dependencyCheck) unit(p *Process) string {
	if c.shared[p.Program] > 1 {
		return p.Group + ":" + p.Program
	}
	return p.Program
}

// process takes in what one process depends on. Siblings mostly depend on the
// same, which is complained about once.
func (c *dependencyCheck) process(p *Process, isFirst bool) {
	kept := p.DependsOn[:0:0]
	for i := range p.DependsOn {
		d := &p.DependsOn[i]
		targets, known := c.targets[d.Name]
		if !known {
			targets = d.Among(c.all)
			c.targets[d.Name] = targets
		}
		switch {
		case len(targets) == 0 && d.Option != "depends_on": // the plug-in's own words must not keep a daemon from starting
			if isFirst {
				c.warn("[%s] %s names %s, which is no program: it is not waited for", d.Section, d.Option, d.Name)
			}
			continue
		case len(targets) == 0:
			c.refuse(d, fmt.Sprintf("there is no program, group or group:process %s%s", d.Name, suggest(d.Name, c.names())))
		case slices.ContainsFunc(targets, func(t *Process) bool { return unitOf(t) == unitOf(p) }):
			c.refuse(d, fmt.Sprintf("%s depends on itself: %s -> %s", c.unit(p), c.unit(p), c.unit(p)))
		default:
			c.connect(p, d, targets)
		}
		if isFirst && d.Condition == ConditionSuccess {
			c.warnOfVain(p, d, targets)
		}
		kept = append(kept, *d)
	}
	p.DependsOn = kept
}

func (c *dependencyCheck) connect(p *Process, d *Dependency, targets []*Process) {
	from := c.unit(p)
	for _, t := range targets {
		pair := [2]string{from, c.unit(t)}
		if c.made[pair] == nil {
			c.made[pair] = d
			c.graph.Connect(depends.Edge{From: pair[0], To: pair[1], Condition: d.Condition.String(), Soft: d.Soft, Together: d.Together})
		}
	}
}

// warnOfVain says where success will hardly come about: what is restarted
// whatever its exit status never has it for long, and what ends before
// startsecs has failed to start, also with a status of 0.
func (c *dependencyCheck) warnOfVain(p *Process, d *Dependency, targets []*Process) {
	for i, t := range targets {
		switch {
		case i > 0 && unitOf(t) == unitOf(targets[i-1]):
		case t.Autorestart == RestartAlways:
			c.warn("[%s] waits for %s to end well, but it is restarted whenever it ends: set autorestart=false in [%s]", p.Section, c.unit(t), t.Section)
		case t.StartSecs > 0:
			c.warn("[%s] waits for %s to end well, but if it ends within %d seconds its start has failed: set startsecs=0 in [%s]",
				p.Section, c.unit(t), t.StartSecs, t.Section)
		}
	}
}

// refuse complains about a dependency where it is written.
func (c *dependencyCheck) refuse(d *Dependency, text string) {
	in, _ := kindOf(d.Section)
	c.reader(in, d.Section).fail(d.Option, text)
}

// names are all that a dependency can be on.
func (c *dependencyCheck) names() []string {
	var list []string
	for _, p := range c.all {
		list = append(list, p.Program, p.Group)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// dependent reads the options of the plug-in supervisord-dependent-startup, by
// which programs were started in order before there was depends_on.
func (r *reader) dependent(p *Process) {
	const option = "dependent_startup_wait_for"
	text, _ := r.text(option)
	if !get[bool](r, "dependent_startup") {
		if strings.TrimSpace(text) != "" {
			r.advise("[%s] %s has no effect without dependent_startup=true", r.section, option)
		}
		return
	}
	p.byPlugin, p.Autostart = !p.Autostart, true // the plug-in wants it to be false, and starts the program itself
	for word := range strings.FieldsSeq(text) {
		i := strings.LastIndexByte(word, ':')
		if i <= 0 {
			r.advise("[%s] %s: %s is not program:state and is not waited for", r.section, option, python.Repr(word))
			continue
		}
		d := Dependency{Text: word, Name: word[:i], Section: r.section, Option: option}
		if !d.pluginStates(word[i+1:]) {
			r.advise("[%s] %s: %s can't be waited for, only starting, running and exited can", r.section, option, python.Repr(word))
			continue
		}
		p.DependsOn = append(p.DependsOn, d)
	}
	if get[bool](r, "dependent_startup_inherit_priority") {
		r.heirs = append(r.heirs, p)
	}
}

// pluginStates fills in what the plug-in's states mean. One of several is
// enough; one that only a failure leads to makes the dependency soft.
func (d *Dependency) pluginStates(list string) bool {
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
		d.Condition = ConditionStarted
	case running && exited:
		d.Condition = ConditionReadyOrSuccess
	case exited:
		d.Condition = ConditionSuccess
	case !running:
		return false
	}
	return true
}

// inheritPriorities gives programs that ask for it the priority of what they
// depend on, if that comes earlier.
func (l *loader) inheritPriorities() {
	if len(l.heirs) == 0 {
		return
	}
	var all []*Process
	for _, g := range l.conf.Groups {
		all = append(all, g.Processes...)
	}
	for _, p := range l.heirs {
		for i := range p.DependsOn {
			for _, t := range p.DependsOn[i].Among(all) {
				p.Priority = min(p.Priority, t.Priority)
			}
		}
	}
}

// warnOfPlugin tells that the plug-in of the same purpose can go.
func (l *loader) warnOfPlugin() {
	for _, g := range l.conf.Groups {
		if g.Kind != EventListener || len(g.Processes) == 0 {
			continue
		}
		command := strings.ReplaceAll(g.Processes[0].Command, "-", "_")
		if strings.Contains(command, "supervisord_dependent_startup") {
			l.advise("[%s] is not needed: supervisord reads dependent_startup and dependent_startup_wait_for itself", g.Section)
		}
	}
}
