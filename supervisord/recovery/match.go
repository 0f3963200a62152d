package recovery

import (
	"fmt"
	"syscall"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor"
)

// matchRules find the configured process that a child belongs to whose own process is
// not configured any more, the most certain rule first. A rule holds only if it matches
// no other child and no other process.
var matchRules = []func(*process.Saved, *config.Process) bool{
	// Another group.
	func(s *process.Saved, p *config.Process) bool { return s.Section == p.Section && s.Name == p.Name },
	// Another process_name.
	func(s *process.Saved, p *config.Process) bool { return s.Section == p.Section && s.Num == p.Num },
	// Another name of the section, which says the same.
	func(s *process.Saved, p *config.Process) bool {
		return s.Digest != "" && s.Digest == p.Digest() && s.Num == p.Num
	},
}

// assignUnmatched gives children whose processes are not configured any more to the
// processes that these have become. The others are unconfigured. shuttingDown says that
// the earlier daemon was about to end: what it was stopping starts again.
func (c *Claim) assignUnmatched(shuttingDown bool) {
	for _, matches := range matchRules {
		free := c.unrecorded()
		var rest []*process.Saved
		for _, left := range c.unmatched {
			p := onlyMatch(free, func(p *config.Process) bool { return left.Section != "" && matches(left, p) })
			if p == nil || onlyMatch(c.unmatched, func(other *process.Saved) bool { return matches(other, p) }) != left {
				rest = append(rest, left)
				continue
			}
			was, is := namespec.Join(left.Group, left.Name), namespec.Join(p.Group, p.Name)
			c.log.Info(fmt.Sprintf("'%s' (pid %d) is '%s' now", was, left.PID, is))
			if shuttingDown && left.Status.State == states.Stopping { // see applyShutdown
				left.StartPending = p.Autostart
			}
			c.Processes[is] = left
		}
		c.unmatched = rest
	}
	for _, left := range c.unmatched {
		c.addUnconfigured(left)
	}
	c.unmatched = nil
}

// unrecorded returns the configured processes that the journal does not list.
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

// onlyMatch returns the only element that matches, the zero value if there is none or
// more than one.
func onlyMatch[T any](list []T, matches func(T) bool) (found T) {
	n := 0
	for _, one := range list {
		if matches(one) {
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

// addUnconfigured lists a child that belongs to no configured process.
func (c *Claim) addUnconfigured(left *process.Saved) {
	stop := process.DefaultStop
	if left.Stop != nil {
		stop = *left.Stop
	}
	conf := &config.Process{
		Name: left.Name, Group: left.Group, Section: left.Section, Num: left.Num, Umask: -1, ExitCodes: []int{0},
		StopSignal: syscall.Signal(stop.Signal), StopWaitSecs: stop.Wait, StopAsGroup: stop.AsGroup, KillAsGroup: stop.KillsGroup,
		RedirectStderr: left.Stderr == 0,
		// It is not known how much of a log is to be kept, so nothing is deleted.
		Stdout: config.Log{File: left.StdoutFile + left.StdoutLog},
		Stderr: config.Log{File: left.StderrFile + left.StderrLog},
	}
	c.Unconfigured = append(c.Unconfigured, supervisor.Unconfigured{Config: conf, Saved: left})
}
