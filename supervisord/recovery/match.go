package recovery

import (
	"fmt"
	"syscall"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/recovery/journal"
	"supervisor/supervisord/supervisor"
)

// recordConfig records what a later daemon goes by that has the process
// configured otherwise.
func recordConfig(entry *journal.Entry, p *process.Process, s *process.Status) {
	if s.PID == 0 {
		return
	}
	c := p.CurrentConfig()
	entry.Section, entry.Num, entry.Digest = c.Section, c.Num, s.Digest
	if entry.StdoutLog == "" {
		entry.StdoutFile = p.Stdout
	}
	if entry.StderrLog == "" {
		entry.StderrFile = p.Stderr
	}
	stop := journal.Stop{Signal: int(c.StopSignal), Wait: c.StopWaitSecs, AsGroup: c.StopAsGroup, KillsGroup: c.KillAsGroup}
	if stop != defaultStop {
		entry.Stop = &stop
	}
}

var defaultStop = journal.Stop{Signal: int(syscall.SIGTERM), Wait: 10}

// matchRules tell how a child whose process is not configured any more is found to be
// one that is: the most certain first. Each holds only if no other child and no
// other process fit.
var matchRules = []func(*journal.Entry, *config.Process) bool{
	// The group is another one.
	func(e *journal.Entry, p *config.Process) bool { return e.Section == p.Section && e.Name == p.Name },
	// process_name is.
	func(e *journal.Entry, p *config.Process) bool { return e.Section == p.Section && e.Num == p.Num },
	// The section has another name and says the same.
	func(e *journal.Entry, p *config.Process) bool {
		return e.Digest != "" && e.Digest == p.Digest() && e.Num == p.Num
	},
}

// assignUnmatched gives children whose processes are not configured any more to those
// that they have become. The others are listed as unconfigured. leaving tells that
// the earlier daemon was about to end: what it was stopping starts again.
func (c *Claim) assignUnmatched(leaving bool) {
	for _, fits := range matchRules {
		free := c.unrecorded()
		var rest []journal.Entry
		for i := range c.unmatched {
			one := &c.unmatched[i]
			p := onlyMatch(free, func(p *config.Process) bool { return one.Section != "" && fits(one, p) })
			if p == nil || onlyMatch(c.unmatched, func(other journal.Entry) bool { return fits(&other, p) }).PID != one.PID {
				rest = append(rest, *one)
				continue
			}
			was, is := namespec.Join(one.Group, one.Name), namespec.Join(p.Group, p.Name)
			c.log.Info(fmt.Sprintf("'%s' (pid %d) is '%s' now", was, one.PID, is))
			left := fromEntry(one)
			left.Unwanted = c.killsOrphans()
			if leaving && left.Status.State == states.Stopping { // as interrupt has it
				left.Status.StartPending = p.Autostart
			}
			c.Processes[is] = left
		}
		c.unmatched = rest
	}
	for i := range c.unmatched {
		c.addUnconfigured(&c.unmatched[i])
	}
	c.unmatched = nil
}

// unrecorded are the configured processes that nothing is recorded of.
func (c *Claim) unrecorded() []*config.Process {
	var list []*config.Process
	seen := make(map[string]bool)
	for _, g := range c.Config.Groups {
		if seen[g.Name] {
			continue
		}
		seen[g.Name] = true
		for _, p := range g.Processes {
			if c.Processes[namespec.Join(p.Group, p.Name)] == nil {
				list = append(list, p)
			}
		}
	}
	return list
}

// onlyMatch returns the only element that fits, the zero value if there is none or
// more than one.
func onlyMatch[T any](list []T, fits func(T) bool) (found T) {
	n := 0
	for _, one := range list {
		if fits(one) {
			found = one
			n++
		}
	}
	if n != 1 {
		var none T
		return none
	}
	return found
}

// addUnconfigured lists a child that is nobody's any more.
func (c *Claim) addUnconfigured(entry *journal.Entry) {
	stop := defaultStop
	if entry.Stop != nil {
		stop = *entry.Stop
	}
	left := fromEntry(entry)
	left.Unwanted = c.killsOrphans()
	conf := &config.Process{
		Name: entry.Name, Group: entry.Group, Section: entry.Section, Num: entry.Num, Umask: -1, ExitCodes: []int{0},
		StopSignal: syscall.Signal(stop.Signal), StopWaitSecs: stop.Wait, StopAsGroup: stop.AsGroup, KillAsGroup: stop.KillsGroup,
		RedirectStderr: entry.Stderr == 0,
		// Nobody knows how much is to be kept, so nothing is thrown away.
		Stdout: config.Log{File: entry.StdoutFile + entry.StdoutLog},
		Stderr: config.Log{File: entry.StderrFile + entry.StderrLog},
	}
	c.Unconfigured = append(c.Unconfigured, supervisor.Unconfigured{Config: conf, Saved: left})
}
