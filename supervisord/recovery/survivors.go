package recovery

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/shlex"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/hook"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/survivors"
	"supervisor/supervisord/system/boottime"
)

// previousRun is what is known of the daemon before this one. The zero value is that
// nothing tells that it has not stopped all its programs.
type previousRun int

const (
	// crashed: it has left its pidfile or a record that can't be used.
	crashed previousRun = iota + 1
	// recorded: its record tells of all programs that it had when that was taken.
	recorded
)

// findSurvivors looks for children that the record does not tell of: it was taken
// before they were born, in ticks since boot, or there is none that can be used.
func (c *Claim) findSurvivors(completeUntil uint64) {
	var list []survivors.Survivor
	for _, s := range survivors.Find() {
		if s.Unreadable {
			c.blockStartOfSimilar(&s)
			continue
		}
		if c.processConfig(s.Variables["SUPERVISOR_GROUP_NAME"], s.Variables["SUPERVISOR_PROCESS_NAME"]) == nil {
			continue
		}
		full := fullNameOf(&s)
		_, isHelper := helperOf(&s) // of which no record tells
		if !isHelper && s.StartTime < completeUntil && !c.wasSpawning(full, s.StartTime) || c.isRecorded(full, &s) {
			continue
		}
		list = append(list, s)
	}
	if len(list) == 0 {
		return
	}
	slices.SortFunc(list, func(a, b survivors.Survivor) int { return int(int64(a.StartTime) - int64(b.StartTime)) })
	daemons := survivors.Daemons(list)
	list = slices.DeleteFunc(list, func(s survivors.Survivor) bool { return daemons[s.PID] != 0 })
	var rest []survivors.Survivor
	for _, s := range list {
		switch c.ownerOf(&s) {
		case ours:
			c.claimSurvivor(&s)
		case unclear:
			rest = append(rest, s)
		case others:
		}
	}
	for _, s := range rest { // which are of no interest to a process that is there
		if _, is := helperOf(&s); !is {
			c.blockStart(fullNameOf(&s), &s)
		}
	}
}

// helperOf reports whether a survivor was begun beside a program, and what it is. A
// child has a pipe or a socket as its stdin; the variable it may have inherited.
func helperOf(s *survivors.Survivor) (what string, is bool) {
	what = s.Variables[hook.Var]
	return what, what != "" && s.NullStdin
}

func fullNameOf(s *survivors.Survivor) string {
	return namespec.Join(s.Variables["SUPERVISOR_GROUP_NAME"], s.Variables["SUPERVISOR_PROCESS_NAME"])
}

// isRecorded reports whether the record names a survivor as the child of a process.
func (c *Claim) isRecorded(name string, s *survivors.Survivor) bool {
	left := c.Processes[name]
	return left != nil && left.PID == s.PID && left.StartTime == s.StartTime
}

// claimSurvivor deals with a survivor that is ours.
func (c *Claim) claimSurvivor(s *survivors.Survivor) {
	if what, is := helperOf(s); is {
		c.killHelperProcess(what, fullNameOf(s), &s.Orphan)
		return
	}
	c.damaged = c.damaged || c.previous != recorded
	c.addSurvivor(fullNameOf(s), *s)
}

// owner is whose child a survivor is.
type owner int

const (
	others owner = iota
	ours
	unclear
)

// ownerOf decides whether a survivor with the name of a process is a child of
// the daemon before this one. The name alone does not tell: another daemon with
// a program of that name may have crashed too.
func (c *Claim) ownerOf(s *survivors.Survivor) owner {
	p := c.processConfig(s.Variables["SUPERVISOR_GROUP_NAME"], s.Variables["SUPERVISOR_PROCESS_NAME"])
	url := p.ServerURL
	if url == "" {
		url = c.Config.Supervisord.ServerURL
	}
	reported := s.Variables["SUPERVISOR_SERVER_URL"]
	switch {
	case reported != "" && url != "" && reported != url:
		return others
	case s.ParentUnknown:
		return unclear
	case reported == url && c.previous == recorded:
		return ours
	case c.previousPID != 0 && c.previousPID == s.Session: // that daemon led a session, as in the background
		return ours
	case !hasUserOf(s, p):
		return unclear
	case reported == url && url != "" && c.previous == crashed && !s.Redirected:
		return ours
	case runsCommandOf(s, p) && (reported == url && url != "" || c.hasConfiguredEnv(s, p)):
		return ours
	}
	return unclear
}

// hasConfiguredEnv reports whether a survivor was born with the variables that the
// configuration gives a process.
func (c *Claim) hasConfiguredEnv(s *survivors.Survivor, p *config.Process) bool {
	want := make(map[string]string)
	for _, list := range []config.Environment{c.Config.Supervisord.Environment, p.Environment} {
		for _, v := range list {
			want[v.Name] = v.Value
		}
	}
	for name, value := range want {
		if s.Variables[name] != value {
			return false
		}
	}
	return true
}

// hasUserOf reports whether a survivor has the user that a process is given. To
// root it may look like root's own, having changed its user by itself.
func hasUserOf(s *survivors.Survivor, p *config.Process) bool {
	want := os.Geteuid()
	if p.UID != nil {
		want = *p.UID
	}
	return s.UID == want || s.UID == 0
}

// runsCommandOf reports whether a survivor executes the command of a process, be it by way
// of an interpreter that the kernel has put before it.
func runsCommandOf(s *survivors.Survivor, p *config.Process) bool {
	argv, err := shlex.Split(p.Command)
	if err != nil || len(argv) == 0 || len(s.Command) < len(argv) {
		return false
	}
	at := len(s.Command) - len(argv)
	return filepath.Base(s.Command[at]) == filepath.Base(argv[0]) && slices.Equal(s.Command[at+1:], argv[1:])
}

// blockStartOfSimilar deals with a process that can't be looked into, as of another user.
// If a daemon has crashed, one that executes the command of a program may be it.
func (c *Claim) blockStartOfSimilar(s *survivors.Survivor) {
	if c.previous != crashed {
		return
	}
	for _, g := range c.Config.Groups {
		for _, p := range g.Processes {
			name := namespec.Join(p.Group, p.Name)
			if c.Processes[name] == nil && runsCommandOf(s, p) {
				c.blockStart(name, s)
				return // the next one is another process of the program
			}
		}
	}
}

// blockStart has a process not started that may run already.
func (c *Claim) blockStart(name string, s *survivors.Survivor) {
	left := c.Processes[name]
	if left != nil && left.IsAlive() {
		return
	}
	why := fmt.Sprintf("pid %d may be a child of it that an earlier supervisord had started, or another supervisord's", s.PID)
	c.log.Warn(fmt.Sprintf("not started: '%s': %s; end that and start this, or set orphan_policy to leave", name, why))
	if left == nil {
		left = &process.Saved{}
		c.Processes[name] = left
	}
	left.ChildState, left.Pipes = spawn.ChildState{}, nil
	left.Status = machine.Status{State: states.Stopped, Reason: "not started: " + why, PendingStart: machine.PendingStart{StartCancelled: true}}
}

// killHelperProcess ends what a daemon had run beside a program: nobody waits for it any
// more, and where it mattered it is begun again.
func (c *Claim) killHelperProcess(what, name string, o *spawn.Orphan) {
	c.log.Info(fmt.Sprintf("ended: %s of %s (pid %d), which the last supervisord had begun", what, name, o.PID))
	if err := o.Kill(); err != nil {
		c.log.Warn(fmt.Sprintf("end %s of %s: %v", what, name, err))
	}
}

// wasSpawning reports whether the record was taken in the middle of a birth that
// may be the survivor's.
func (c *Claim) wasSpawning(name string, startTime uint64) bool {
	left := c.Processes[name]
	const slack = time.Second
	return left != nil && left.PID == 0 && left.Status.State == states.Starting &&
		boottime.FromTicks(startTime).After(left.Status.Started.Add(-slack))
}

// addSurvivor gives a survivor to its process, unless one that is older or
// recorded lives.
func (c *Claim) addSurvivor(name string, s survivors.Survivor) {
	left := c.Processes[name]
	switch {
	case left == nil:
		left = &process.Saved{}
		c.Processes[name] = left
	case left.IsAlive():
		return
	}
	left.ChildState, left.Pipes, left.Unwanted = s.ChildState, nil, c.killsOrphans()
	past := left.Status // all else is about another child, or a start or stop that is over
	left.Status = machine.Status{
		State: states.Starting, Reason: "started by a supervisord that is gone", RestartCounts: past.RestartCounts,
		ChildStatus: machine.ChildStatus{PID: s.PID, Started: boottime.FromTicks(s.StartTime), Ended: past.Ended},
	}
}
