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
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor"
)

// openCalls are the calls that have no answer yet.
type openCalls struct {
	mu   sync.Mutex
	open map[*clientCall]bool
}

// clientCall is a call by a client, which may wait for the outcome.
type clientCall struct {
	what       string
	scope      string           // the processes that it waits for: "group:name", "group:*" or "*"
	waitStates []states.Process // in which it may wait
	ctx        context.Context
	cancel     func()
}

func (d *openCalls) add(c *clientCall) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open == nil {
		d.open = make(map[*clientCall]bool)
	}
	d.open[c] = true
}

func (d *openCalls) remove(c *clientCall) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, c)
}

func (d *openCalls) pending() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.open)
}

// cancelAll cancels all calls.
func (d *openCalls) cancelAll() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.open {
		c.cancel()
	}
}

// checkCalls checks that no call waits for something that won't happen any more.
func (l *daemonRun) checkCalls() {
	l.calls.mu.Lock()
	defer l.calls.mu.Unlock()
	for c := range l.calls.open {
		if c.ctx.Err() != nil || !l.mayWait(c) {
			l.model.violatedLocked("%s has no answer (client: %v), and processes are %v", c.what, c.ctx.Err(), l.states())
		}
	}
}

func (l *daemonRun) mayWait(c *clientCall) bool {
	for _, p := range l.Processes() {
		st := p.Status()
		if inScope(c.scope, p.Config) && (slices.Contains(c.waitStates, st.State) || len(c.waitStates) > 0 && st.WaitingFor != "") {
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
	startWaitStates = []states.Process{states.Starting, states.Stopping}
	stopWaitStates  = []states.Process{states.Stopping}
)

// call makes a client call something at random. All that is checked is that it is
// answered.
func (l *daemonRun) call() {
	c := &clientCall{}
	do := l.chooseCall(c)
	l.traceStep("%s", c.what)
	var cancel context.CancelFunc
	if l.rnd.Float64() < 0.2 {
		c.ctx, cancel = context.WithTimeout(l.ctx, pick(l.rnd, 1, time.Millisecond, time.Second, 4*time.Second))
	} else {
		c.ctx, cancel = context.WithCancel(l.ctx)
	}
	c.cancel = cancel
	l.calls.add(c)
	go func() {
		defer l.calls.remove(c)
		defer cancel()
		do(c.ctx)
	}()
}

// chooseCall chooses what a client does.
func (l *daemonRun) chooseCall(c *clientCall) func(context.Context) {
	group, process := l.names()
	wait := l.rnd.IntN(2) == 0
	n := l.rnd.IntN(100)
	switch {
	case n < 60:
		return l.chooseStartOrStop(c, group, process, wait)
	case n < 70:
		sig := pick(l.rnd, "TERM", "KILL", "HUP", "9", "BOGUS")
		c.what = "signal " + sig + " " + process
		switch l.rnd.IntN(3) {
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

func (l *daemonRun) chooseStartOrStop(c *clientCall, group, process string, wait bool) func(context.Context) {
	start := l.rnd.IntN(2) == 0
	all := l.rnd.IntN(12) == 0
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
		c.waitStates = startWaitStates
	default:
		c.waitStates = stopWaitStates
	}
	switch {
	case start && all:
		return func(ctx context.Context) { _, _ = l.StartAll(ctx, supervisor.Call{Wait: wait}) }
	case start:
		return func(ctx context.Context) { _, _ = l.StartProcess(ctx, process, supervisor.Call{Wait: wait}) }
	case l.rnd.IntN(6) == 0:
		c.what = "reset and kill" + strings.TrimPrefix(c.what, "stop")
		if all {
			return func(ctx context.Context) { _, _ = l.ResetAll(ctx); _, _ = l.KillAll(ctx, supervisor.Call{Wait: wait}) }
		}
		return func(ctx context.Context) {
			_, _ = l.ResetProcess(ctx, process)
			_, _ = l.KillProcess(ctx, process, supervisor.Call{Wait: wait})
		}
	case all:
		return func(ctx context.Context) { _, _ = l.StopAll(ctx, supervisor.Call{Wait: wait}) }
	}
	return func(ctx context.Context) { _, _ = l.StopProcess(ctx, process, supervisor.Call{Wait: wait}) }
}

// The names that groups may have, and how many processes each may have.
var groupNames = [...]string{"a", "b", "c", "d", "pool1", "pool2"}

const maxProcesses = 3

var processNames = [maxProcesses]string{"0", "1", "2"}

// names chooses a group and a process, which need not exist.
func (l *daemonRun) names() (group, process string) {
	group = groupNames[l.rnd.IntN(len(groupNames))]
	if l.rnd.IntN(4) == 0 {
		return group, group + ":*"
	}
	return group, group + ":" + processNames[l.rnd.IntN(maxProcesses)]
}

// editConfig changes the configuration that the next load returns: it removes a group or
// replaces it by another one.
func (l *daemonRun) editConfig() {
	name := groupNames[l.rnd.IntN(len(groupNames))]
	next := *l.nextConfig
	next.Groups = slices.DeleteFunc(slices.Clone(l.nextConfig.Groups), func(g *config.Group) bool { return g.Name == name })
	if len(next.Groups) == len(l.nextConfig.Groups) || l.rnd.IntN(3) > 0 {
		next.Groups = append(next.Groups, l.newGroup(name))
	}
	slices.SortStableFunc(next.Groups, func(a, b *config.Group) int { return a.Priority - b.Priority })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.nextConfig = &next
}

func (l *daemonRun) newGroup(name string) *config.Group {
	g := &config.Group{Name: name, Priority: l.rnd.IntN(3)}
	if strings.HasPrefix(name, "pool") {
		g.Kind, g.BufferSize = config.EventListener, 1+l.rnd.IntN(5)
		g.Events = []string{pick(l.rnd, "EVENT", "PROCESS_STATE", "PROCESS_STATE_RUNNING", "TICK_5", "REMOTE_COMMUNICATION"), "SUPERVISOR_STATE_CHANGE"}
	}
	for i := range 1 + l.rnd.IntN(maxProcesses) {
		g.Processes = append(g.Processes, l.newConfig(g, processNames[i]))
	}
	return g
}

// program makes a process that is in no file.
func (l *daemonRun) program(group, name string, _ map[string]string) ([]*config.Process, error) {
	return []*config.Process{l.newConfig(&config.Group{Name: group}, name)}, nil
}

// addOrRemove adds a process to a group of programs in use, or removes one from its group.
func (l *daemonRun) addOrRemove() {
	group := groupNames[l.rnd.IntN(4)]
	if l.rnd.IntN(2) == 0 {
		l.traceStep("add a process to %s", group)
		_ = l.AddProgram(group, "extra", nil)
		return
	}
	name := pick(l.rnd, "0", "1", "2", "extra")
	l.traceStep("remove %s:%s", group, name)
	if l.RemoveProcess(group, name) == nil {
		l.model.mu.Lock()
		defer l.model.mu.Unlock()
		l.model.forget(group + ":" + name)
	}
}

// missingCommand is a command that does not exist.
const missingCommand = "/no/such/file"

func hasMissingCommand(c *config.Process) bool { return c.Command == missingCommand }

// groupWillStop reports whether a process that can't be started will soon stop its group.
func (l *daemonRun) groupWillStop(group string) bool {
	return slices.ContainsFunc(l.GroupConfig(group).Processes, func(c *config.Process) bool {
		return hasMissingCommand(c) && c.Restart.Limit > 0 && c.Restart.LimitAction == config.LimitStopGroup
	})
}

func (l *daemonRun) newConfig(g *config.Group, name string) *config.Process {
	d := l.rnd
	c := &config.Process{
		Name: name, Group: g.Name, Program: g.Name, Kind: g.Kind, Priority: d.IntN(3), Command: os.Args[0], Umask: -1,
		Autostart: d.IntN(4) > 0, Autorestart: config.Autorestart(d.IntN(3)), StartSecs: d.IntN(4), StartRetries: d.IntN(4),
		ExitCodes: []int{0}, StopSignal: pick(d, syscall.SIGTERM, syscall.SIGINT), StopWaitSecs: d.IntN(4),
		StopAsGroup: d.IntN(2) == 0, KillAsGroup: d.IntN(2) == 0, RedirectStderr: d.IntN(2) == 0,
	}
	c.Stdout.Events = g.Kind != config.EventListener && d.IntN(2) == 0
	if d.IntN(20) == 0 {
		c.Command = missingCommand
	}
	if l.withDependencies && d.IntN(3) == 0 {
		l.newDependencies(c)
	}
	if !l.withDependencies && d.IntN(3) == 0 {
		c.Configured = true
		c.Restart = config.RestartPolicy{
			Delay: pick(d, 0, time.Second, maxRestartDelay/2), BackoffFactor: pick(d, 1, 1.5, 2.0), Max: maxRestartDelay, Jitter: pick(d, 0, 0.5, 1),
			Limit: pick(d, 0, 0, 1, 4), Window: pick(d, time.Second, time.Minute), LimitAction: pick(d, config.LimitFatal, config.LimitStopGroup),
		}
	}
	if d.IntN(3) == 0 {
		c.Configured = true
		c.Stop.Sequence = []config.StopStep{{Signal: syscall.SIGINT, Wait: time.Second}, {Signal: syscall.SIGTERM, Wait: time.Second}, {Signal: syscall.SIGKILL}}
	}
	return c
}

// newDependencies makes a process depend on groups whose names come before that of its own;
// they need not exist. Only processes that are in no file may depend on themselves.
func (l *daemonRun) newDependencies(c *config.Process) {
	d := l.rnd
	c.Configured, c.DependsTimeout = true, pick(d, option.Forever, option.Forever, time.Second, 7*time.Second)
	for _, name := range groupNames {
		if d.IntN(3) == 0 && (name < c.Group || c.Name == "extra") {
			if d.IntN(3) == 0 {
				name += ":" + processNames[d.IntN(maxProcesses)]
			}
			c.DependsOn = append(c.DependsOn, config.Dependency{
				Text: name, Name: name, Condition: config.Condition(d.IntN(3)), Soft: d.IntN(4) == 0, Together: d.IntN(4) == 0,
			})
		}
	}
}

// hasUnmetHard reports whether a hard dependency of a process is not met.
func hasUnmetHard(p *process.Process, all []*process.Process) bool {
	confs := make([]*config.Process, len(all))
	for i, o := range all {
		confs[i] = o.Config
	}
	for _, d := range p.CurrentConfig().DependsOn {
		on := d.Targets(confs)
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

// hasSoftDependency reports whether a process has a dependency that it can start without.
func hasSoftDependency(c *config.Process) bool {
	return slices.ContainsFunc(c.DependsOn, func(d config.Dependency) bool { return d.Soft })
}

// maxRestartDelay is the longest restart_delay_max.
const maxRestartDelay = 6 * time.Second
