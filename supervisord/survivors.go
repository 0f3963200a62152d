package supervisord

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
	"supervisor/supervisord/recovery/journal"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/supervisor"
)

// trust is what is known of the daemon before this one. The zero value is that
// nothing tells that it has not stopped all its programs.
type trust int

const (
	// crashed: it has left its pidfile or a record that can't be used.
	crashed trust = iota + 1
	// recorded: its record tells of all programs that it had when that was taken.
	recorded
)

// search looks for children that the record does not tell of: it was taken
// before they were born, in ticks since boot, or there is none that can be used.
func (e *estate) search(taken uint64) {
	var list []spawn.Survivor
	for _, s := range spawn.Survivors() {
		if s.Opaque {
			e.holdAlike(&s)
			continue
		}
		if e.process(s.Variables["SUPERVISOR_GROUP_NAME"], s.Variables["SUPERVISOR_PROCESS_NAME"]) == nil {
			continue
		}
		full := nameOf(&s)
		_, isErrand := errandOf(&s) // of which no record tells
		if !isErrand && s.Born < taken && !e.wasBeingBorn(full, s.Born) || e.isRecorded(full, &s) {
			continue
		}
		list = append(list, s)
	}
	if len(list) == 0 {
		return
	}
	slices.SortFunc(list, func(a, b spawn.Survivor) int { return int(int64(a.Born) - int64(b.Born)) })
	keepers := spawn.Keepers(list)
	list = slices.DeleteFunc(list, func(s spawn.Survivor) bool { return keepers[s.PID] != 0 })
	var rest []spawn.Survivor
	for _, s := range list {
		switch e.ownerOf(&s) {
		case ours:
			e.claimFound(&s)
		case unclear:
			rest = append(rest, s)
		case others:
		}
	}
	for _, s := range rest { // which are of no interest to a process that is there
		if _, is := errandOf(&s); !is {
			e.hold(nameOf(&s), &s)
		}
	}
}

// errandOf reports whether a survivor was begun beside a program, and what it is. A
// child has a pipe or a socket as its stdin; the variable it may have inherited.
func errandOf(s *spawn.Survivor) (what string, is bool) {
	what = s.Variables[process.ErrandVar]
	return what, what != "" && s.NullStdin
}

func nameOf(s *spawn.Survivor) string {
	return namespec.Join(s.Variables["SUPERVISOR_GROUP_NAME"], s.Variables["SUPERVISOR_PROCESS_NAME"])
}

// isRecorded reports whether the record names a survivor as the child of a process.
func (e *estate) isRecorded(name string, s *spawn.Survivor) bool {
	left := e.left[name]
	return left != nil && left.Child.PID == s.PID && left.Child.Born == s.Born
}

// claimFound deals with a survivor that is ours.
func (e *estate) claimFound(s *spawn.Survivor) {
	if what, is := errandOf(s); is {
		e.endErrand(what, nameOf(s), &s.Orphan)
		return
	}
	e.damaged = e.damaged || e.trust != recorded
	e.addFound(nameOf(s), *s)
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
func (e *estate) ownerOf(s *spawn.Survivor) owner {
	p := e.process(s.Variables["SUPERVISOR_GROUP_NAME"], s.Variables["SUPERVISOR_PROCESS_NAME"])
	url := p.ServerURL
	if url == "" {
		url = e.conf.Supervisord.ServerURL
	}
	told := s.Variables["SUPERVISOR_SERVER_URL"]
	switch {
	case told != "" && url != "" && told != url:
		return others
	case s.Unsure:
		return unclear
	case told == url && e.trust == recorded:
		return ours
	case e.before != 0 && e.before == s.Session: // that daemon led a session, as in the background
		return ours
	case !isUserOf(s, p):
		return unclear
	case told == url && url != "" && e.trust == crashed && !s.Redirected:
		return ours
	case runs(s, p) && (told == url && url != "" || e.hasVariables(s, p)):
		return ours
	}
	return unclear
}

// hasVariables reports whether a survivor was born with the variables that the
// configuration gives a process.
func (e *estate) hasVariables(s *spawn.Survivor, p *config.Process) bool {
	want := make(map[string]string)
	for _, list := range []config.Environment{e.conf.Supervisord.Environment, p.Environment} {
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

// isUserOf reports whether a survivor has the user that a process is given. To
// root it may look like root's own, having changed its user by itself.
func isUserOf(s *spawn.Survivor, p *config.Process) bool {
	want := os.Geteuid()
	if p.UID != nil {
		want = *p.UID
	}
	return s.UID == want || s.UID == 0
}

// runs reports whether a survivor executes the command of a process, be it by way
// of an interpreter that the kernel has put before it.
func runs(s *spawn.Survivor, p *config.Process) bool {
	argv, err := shlex.Split(p.Command)
	if err != nil || len(argv) == 0 || len(s.Command) < len(argv) {
		return false
	}
	at := len(s.Command) - len(argv)
	return filepath.Base(s.Command[at]) == filepath.Base(argv[0]) && slices.Equal(s.Command[at+1:], argv[1:])
}

// holdAlike deals with a process that can't be looked into, as of another user.
// If a daemon has crashed, one that executes the command of a program may be it.
func (e *estate) holdAlike(s *spawn.Survivor) {
	if e.trust != crashed {
		return
	}
	for _, g := range e.conf.Groups {
		for _, p := range g.Processes {
			name := namespec.Join(p.Group, p.Name)
			if e.left[name] == nil && runs(s, p) {
				e.hold(name, s)
				return // the next one is another process of the program
			}
		}
	}
}

// hold has a process not started that may run already.
func (e *estate) hold(name string, s *spawn.Survivor) {
	left := e.left[name]
	if left != nil && left.Child.IsAlive() {
		return
	}
	why := fmt.Sprintf("pid %d may be a child of it that an earlier supervisord had started, or another supervisord's", s.PID)
	e.log.Warn(fmt.Sprintf("not started: '%s': %s; end that and start this, or set orphan_policy to leave", name, why))
	if left == nil {
		left = &supervisor.Estate{}
		e.left[name] = left
	}
	left.Child = spawn.Orphan{}
	left.Past = process.Status{State: states.Stopped, Declined: true, Reason: "not started: " + why}
}

// endErrand ends what a daemon had run beside a program: nobody waits for it any
// more, and where it mattered it is begun again.
func (e *estate) endErrand(what, name string, o *spawn.Orphan) {
	e.log.Info(fmt.Sprintf("ended: %s of %s (pid %d), which the last supervisord had begun", what, name, o.PID))
	if err := o.Kill(); err != nil {
		e.log.Warn(fmt.Sprintf("end %s of %s: %v", what, name, err))
	}
}

// wasBeingBorn reports whether the record was taken in the middle of a birth that
// may be the survivor's.
func (e *estate) wasBeingBorn(name string, born uint64) bool {
	left := e.left[name]
	const slack = time.Second
	return left != nil && left.Child.PID == 0 && left.Past.State == states.Starting &&
		journal.FromTicks(born).Time().After(left.Past.Started.Add(-slack))
}

// addFound gives a survivor to its process, unless one that is older or
// recorded lives.
func (e *estate) addFound(name string, s spawn.Survivor) {
	left := e.left[name]
	switch {
	case left == nil:
		left = &supervisor.Estate{}
		e.left[name] = left
	case left.Child.IsAlive():
		return
	}
	left.Child, left.Unwanted = s.Orphan, e.kills()
	past := left.Past // all else is about another child, or a start or stop that is over
	left.Past = process.Status{
		State: states.Starting, PID: s.PID, Started: journal.FromTicks(s.Born).Time(), Reason: "started by a supervisord that is gone",
		Tries: past.Tries, Row: past.Row, Restarts: past.Restarts, Ended: past.Ended,
	}
}
