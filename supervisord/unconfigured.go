package supervisord

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

// lookAtConfig records what a later daemon goes by that has the process
// configured otherwise.
func lookAtConfig(entry *journal.Entry, p *process.Process, s *process.Status) {
	if s.PID == 0 {
		return
	}
	c := p.Current()
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

// rules tell how a child whose process is not configured any more is found to be
// one that is: the most certain first. Each holds only if no other child and no
// other process fit.
var rules = []func(*journal.Entry, *config.Process) bool{
	// The group is another one.
	func(e *journal.Entry, p *config.Process) bool { return e.Section == p.Section && e.Name == p.Name },
	// process_name is.
	func(e *journal.Entry, p *config.Process) bool { return e.Section == p.Section && e.Num == p.Num },
	// The section has another name and says the same.
	func(e *journal.Entry, p *config.Process) bool {
		return e.Digest != "" && e.Digest == p.Digest() && e.Num == p.Num
	},
}

// placeStrays gives children whose processes are not configured any more to those
// that they have become. The others are listed as unconfigured. leaving tells that
// the earlier daemon was about to end: what it was stopping starts again.
func (e *estate) placeStrays(leaving bool) {
	for _, fits := range rules {
		free := e.unclaimed()
		var rest []journal.Entry
		for i := range e.strays {
			one := &e.strays[i]
			p := onlyOne(free, func(p *config.Process) bool { return one.Section != "" && fits(one, p) })
			if p == nil || onlyOne(e.strays, func(other journal.Entry) bool { return fits(&other, p) }).PID != one.PID {
				rest = append(rest, *one)
				continue
			}
			was, is := namespec.Join(one.Group, one.Name), namespec.Join(p.Group, p.Name)
			e.log.Info(fmt.Sprintf("'%s' (pid %d) is '%s' now", was, one.PID, is))
			left := e.past(one)
			left.Unwanted = e.kills()
			if leaving && left.Past.State == states.Stopping { // as interrupt has it
				left.Past.Again = p.Autostart
			}
			e.left[is] = left
		}
		e.strays = rest
	}
	for i := range e.strays {
		e.addUnconfigured(&e.strays[i])
	}
	e.strays = nil
}

// unclaimed are the configured processes that nothing is recorded of.
func (e *estate) unclaimed() []*config.Process {
	var list []*config.Process
	seen := make(map[string]bool)
	for _, g := range e.conf.Groups {
		if seen[g.Name] {
			continue
		}
		seen[g.Name] = true
		for _, p := range g.Processes {
			if e.left[namespec.Join(p.Group, p.Name)] == nil {
				list = append(list, p)
			}
		}
	}
	return list
}

// onlyOne returns the only element that fits, the zero value if there is none or
// more than one.
func onlyOne[T any](list []T, fits func(T) bool) (found T) {
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
func (e *estate) addUnconfigured(entry *journal.Entry) {
	stop := defaultStop
	if entry.Stop != nil {
		stop = *entry.Stop
	}
	left := e.past(entry)
	left.Unwanted = e.kills()
	conf := &config.Process{
		Name: entry.Name, Group: entry.Group, Section: entry.Section, Num: entry.Num, Umask: -1, ExitCodes: []int{0},
		StopSignal: syscall.Signal(stop.Signal), StopWaitSecs: stop.Wait, StopAsGroup: stop.AsGroup, KillAsGroup: stop.KillsGroup,
		RedirectStderr: entry.Stderr == 0,
		// Nobody knows how much is to be kept, so nothing is thrown away.
		Stdout: config.Log{File: entry.StdoutFile + entry.StdoutLog},
		Stderr: config.Log{File: entry.StderrFile + entry.StderrLog},
	}
	e.unconfigured = append(e.unconfigured, supervisor.Unconfigured{Config: conf, Estate: left})
}
