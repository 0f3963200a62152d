package supervisor_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// desk is where the calls lie that have no answer yet.
type desk struct {
	mu    sync.Mutex
	calls map[*clientCall]bool
}

// clientCall is a call by a client that may wait for it.
type clientCall struct {
	what    string
	scope   string // of whom it waits, "group:name", "group:*" or "*"
	excuses []states.Process
	ctx     context.Context
	hangUp  func()
}

func (d *desk) put(c *clientCall) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.calls == nil {
		d.calls = make(map[*clientCall]bool)
	}
	d.calls[c] = true
}

func (d *desk) done(c *clientCall) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.calls, c)
}

func (d *desk) pending() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.calls)
}

// hangUp has all clients give up.
func (d *desk) hangUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.calls {
		c.hangUp()
	}
}

// checkCalls sees to it that nobody waits for what can't be waited for any more.
func (l *life) checkCalls() {
	l.desk.mu.Lock()
	defer l.desk.mu.Unlock()
	for c := range l.desk.calls {
		if c.ctx.Err() != nil || !l.isExcused(c) {
			l.model.violatedLocked("%s has no answer (client: %v), and processes are %v", c.what, c.ctx.Err(), l.states())
		}
	}
}

func (l *life) isExcused(c *clientCall) bool {
	for _, p := range l.Processes() {
		st := p.Status()
		if inScope(c.scope, p.Config) && (slices.Contains(c.excuses, st.State) || len(c.excuses) > 0 && st.Waiting != "") {
			return true
		}
	}
	return false
}

func inScope(scope string, c *config.Process) bool {
	group, name, _ := strings.Cut(scope, ":")
	return scope == "*" || group == c.Group && (name == "*" || name == c.Name)
}

var (
	startExcuses = []states.Process{states.Starting, states.Stopping}
	stopExcuses  = []states.Process{states.Stopping}
)

// call has a client call something, of which l knows nothing but whether it
// has been answered.
func (l *life) call() {
	c := &clientCall{}
	do := l.choose(c)
	l.note("%s", c.what)
	var cancel context.CancelFunc
	if l.dice.Float64() < 0.2 {
		c.ctx, cancel = context.WithTimeout(l.ctx, pick(l.dice, 1, time.Millisecond, time.Second, 4*time.Second))
	} else {
		c.ctx, cancel = context.WithCancel(l.ctx)
	}
	c.hangUp = cancel
	l.desk.put(c)
	go func() {
		defer l.desk.done(c)
		defer cancel()
		do(c.ctx)
	}()
}

// choose says what a client does.
func (l *life) choose(c *clientCall) func(context.Context) {
	group, process := l.names()
	wait := l.dice.IntN(2) == 0
	n := l.dice.IntN(100)
	switch {
	case n < 60:
		return l.chooseStartOrStop(c, group, process, wait)
	case n < 70:
		sig := pick(l.dice, "TERM", "KILL", "HUP", "9", "BOGUS")
		c.what = "signal " + sig + " " + process
		switch l.dice.IntN(3) {
		case 0:
			return func(ctx context.Context) { _, _ = l.SignalProcess(ctx, process, sig) }
		case 1:
			return func(ctx context.Context) { _, _ = l.SignalGroup(ctx, group, sig) }
		}
		return func(ctx context.Context) { _, _ = l.SignalAll(ctx, sig) }
	case n < 76:
		c.what = "stdin " + process
		return func(ctx context.Context) { _ = l.SendStdin(ctx, process, "text\n") }
	case n < 82:
		c.what = "reload"
		return func(ctx context.Context) { _, _ = l.Reload(ctx) }
	case n < 91:
		c.what = "add " + group
		return func(ctx context.Context) { _ = l.AddGroup(ctx, group) }
	}
	c.what = "remove " + group
	return func(ctx context.Context) { _ = l.RemoveGroup(ctx, group) }
}

func (l *life) chooseStartOrStop(c *clientCall, group, process string, wait bool) func(context.Context) {
	start := l.dice.IntN(2) == 0
	all := l.dice.IntN(12) == 0
	c.scope = process
	if all {
		c.scope = "*"
	}
	c.what = fmt.Sprintf("start %s, wait %t", c.scope, wait)
	if !start {
		c.what = fmt.Sprintf("stop %s, wait %t", c.scope, wait)
	}
	switch {
	case !wait:
	case start:
		c.excuses = startExcuses
	default:
		c.excuses = stopExcuses
	}
	switch {
	case start && all:
		return func(ctx context.Context) { _, _ = l.StartAll(ctx, wait) }
	case start:
		return func(ctx context.Context) { _, _ = l.StartProcess(ctx, process, wait) }
	case l.dice.IntN(6) == 0:
		c.what = "reset and kill" + strings.TrimPrefix(c.what, "stop")
		if all {
			return func(ctx context.Context) { _, _ = l.ResetAll(ctx); _, _ = l.KillAll(ctx, wait) }
		}
		return func(ctx context.Context) {
			_, _ = l.ResetProcess(ctx, process)
			_, _ = l.KillProcess(ctx, process, wait)
		}
	case all:
		return func(ctx context.Context) { _, _ = l.StopAll(ctx, wait) }
	}
	return func(ctx context.Context) { _, _ = l.StopProcess(ctx, process, wait) }
}

// The groups that there may be, and the most processes of each.
var groupNames = [...]string{"a", "b", "c", "d", "pool1", "pool2"}

const mostProcesses = 3

var processNames = [mostProcesses]string{"0", "1", "2"}

// names chooses whom a call is for, of whom there may be nobody.
func (l *life) names() (group, process string) {
	group = groupNames[l.dice.IntN(len(groupNames))]
	if l.dice.IntN(4) == 0 {
		return group, group + ":*"
	}
	return group, group + ":" + processNames[l.dice.IntN(mostProcesses)]
}

// editConfig changes the configuration that the next Load finds: it takes a
// group away or writes one anew.
func (l *life) editConfig() {
	name := groupNames[l.dice.IntN(len(groupNames))]
	next := *l.fresh
	next.Groups = slices.DeleteFunc(slices.Clone(l.fresh.Groups), func(g *config.Group) bool { return g.Name == name })
	if len(next.Groups) == len(l.fresh.Groups) || l.dice.IntN(3) > 0 {
		next.Groups = append(next.Groups, l.newGroup(name))
	}
	slices.SortStableFunc(next.Groups, func(a, b *config.Group) int { return a.Priority - b.Priority })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fresh = &next
}

func (l *life) newGroup(name string) *config.Group {
	g := &config.Group{Name: name, Priority: l.dice.IntN(3)}
	if strings.HasPrefix(name, "pool") {
		g.Kind, g.BufferSize = config.EventListener, 1+l.dice.IntN(5)
		g.Events = []string{pick(l.dice, "EVENT", "PROCESS_STATE", "PROCESS_STATE_RUNNING", "TICK_5", "REMOTE_COMMUNICATION"), "SUPERVISOR_STATE_CHANGE"}
	}
	for i := range 1 + l.dice.IntN(mostProcesses) {
		g.Processes = append(g.Processes, l.newConfig(g, processNames[i]))
	}
	return g
}

// program makes a process that stands in no file.
func (l *life) program(group, name string, _ map[string]string) ([]*config.Process, error) {
	return []*config.Process{l.newConfig(&config.Group{Name: group}, name)}, nil
}

// twiddle adds a process to a group of programs that is in use, or takes any
// out of its group.
func (l *life) twiddle() {
	group := groupNames[l.dice.IntN(4)]
	if l.dice.IntN(2) == 0 {
		l.note("add a process to %s", group)
		_ = l.AddProgram(group, "extra", nil)
		return
	}
	name := pick(l.dice, "0", "1", "2", "extra")
	l.note("remove %s:%s", group, name)
	if l.RemoveProcess(group, name) == nil {
		l.model.mu.Lock()
		defer l.model.mu.Unlock()
		l.model.forget(group + ":" + name)
	}
}

// hopeless is a command that is never found.
const hopeless = "/no/such/file"

func isHopeless(c *config.Process) bool { return c.Command == hopeless }

// isDoomed tells whether a process that can't be started has its group stopped
// before long.
func (l *life) isDoomed(group string) bool {
	return slices.ContainsFunc(l.GroupConfig(group).Processes, func(c *config.Process) bool {
		return isHopeless(c) && c.Restart.Limit > 0 && c.Restart.Then == config.LimitStopGroup
	})
}

func (l *life) newConfig(g *config.Group, name string) *config.Process {
	d := l.dice
	c := &config.Process{
		Name: name, Group: g.Name, Program: g.Name, Kind: g.Kind, Priority: d.IntN(3), Command: os.Args[0], Umask: -1,
		Autostart: d.IntN(4) > 0, Autorestart: config.Autorestart(d.IntN(3)), StartSecs: d.IntN(4), StartRetries: d.IntN(4),
		ExitCodes: []int{0}, StopSignal: pick(d, syscall.SIGTERM, syscall.SIGINT), StopWaitSecs: d.IntN(4),
		StopAsGroup: d.IntN(2) == 0, KillAsGroup: d.IntN(2) == 0, RedirectStderr: d.IntN(2) == 0,
	}
	c.Stdout.Events = g.Kind != config.EventListener && d.IntN(2) == 0
	if d.IntN(20) == 0 {
		c.Command = hopeless
	}
	if l.hasNeeds && d.IntN(3) == 0 {
		l.newNeeds(c)
	}
	if !l.hasNeeds && d.IntN(3) == 0 {
		c.Configured = true
		c.Restart = config.RestartPolicy{
			Delay: pick(d, 0, time.Second, longestDelay/2), Growth: pick(d, 1, 1.5, 2.0), Max: longestDelay, Jitter: pick(d, 0, 0.5, 1),
			Limit: pick(d, 0, 0, 1, 4), Window: pick(d, time.Second, time.Minute), Then: pick(d, config.LimitFatal, config.LimitStopGroup),
		}
	}
	if d.IntN(3) == 0 {
		c.Configured = true
		c.Stop.Sequence = []config.StopStep{{Signal: syscall.SIGINT, Wait: time.Second}, {Signal: syscall.SIGTERM, Wait: time.Second}, {Signal: syscall.SIGKILL}}
	}
	return c
}

// newNeeds has a process depend on groups whose names come before its own's, of
// which there may be none. Only those that stand in no file may depend on
// themselves.
func (l *life) newNeeds(c *config.Process) {
	d := l.dice
	c.Configured, c.DependsTimeout = true, pick(d, config.Forever, config.Forever, time.Second, 7*time.Second)
	for _, name := range groupNames {
		if d.IntN(3) == 0 && (name < c.Group || c.Name == "extra") {
			if d.IntN(3) == 0 {
				name += ":" + processNames[d.IntN(mostProcesses)]
			}
			c.DependsOn = append(c.DependsOn, config.Dependency{
				Text: name, Name: name, Condition: config.Condition(d.IntN(3)), Soft: d.IntN(4) == 0, Together: d.IntN(4) == 0,
			})
		}
	}
}

// lacksHard tells whether something that a process can't do without is missing.
func lacksHard(p *process.Process, all []*process.Process) bool {
	confs := make([]*config.Process, len(all))
	for i, o := range all {
		confs[i] = o.Config
	}
	for _, d := range p.Current().DependsOn {
		on := d.Among(confs)
		if !d.Soft && len(on) == 0 {
			return true
		}
		for _, c := range on {
			o := all[slices.Index(confs, c)]
			if !d.Soft && !isMet(d.Condition, o.Status(), c) {
				return true
			}
		}
	}
	return false
}

func isMet(c config.Condition, st *process.Status, conf *config.Process) bool {
	switch c {
	case config.ConditionStarted:
		return st.State == states.Running || st.State == states.Exited || st.State == states.Starting && st.PID != 0
	case config.ConditionSuccess:
		return st.State == states.Exited && conf.Expected(st.ExitStatus)
	case config.ConditionReady, config.ConditionReadyOrSuccess:
	}
	return st.State == states.Running
}

// hasSoft tells whether a process may wait for what it can do without.
func hasSoft(c *config.Process) bool {
	return slices.ContainsFunc(c.DependsOn, func(d config.Dependency) bool { return d.Soft })
}

// longestDelay is the longest restart_delay_max.
const longestDelay = 6 * time.Second
