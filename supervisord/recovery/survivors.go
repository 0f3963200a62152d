package recovery

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/hook"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/survivors"
	"supervisor/supervisord/system/boottime"
)

// findSurvivors looks for children that the journal does not list: they were spawned after
// completeUntil, in ticks since boot, or there is no journal that can be used.
func (c *Claim) findSurvivors(completeUntil uint64) {
	list := c.unrecordedSurvivors(completeUntil)
	if len(list) == 0 {
		return
	}
	var unclearOnes []survivors.Survivor
	for _, s := range list {
		switch c.ownerOf(&s) {
		case ours:
			c.claimSurvivor(&s)
		case unclear:
			unclearOnes = append(unclearOnes, s)
		case others:
		}
	}
	for _, s := range unclearOnes { // after all of ours: a process that has its child is not blocked
		if _, is := helperOf(&s); !is {
			c.blockStart(fullNameOf(&s), &s)
		}
	}
}

// unrecordedSurvivors returns the survivors with the names of configured processes that
// the journal does not list, by age. Those that another living daemon has are left out.
func (c *Claim) unrecordedSurvivors(completeUntil uint64) []survivors.Survivor {
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
		_, isHelper := helperOf(&s) // which no journal lists
		if !isHelper && s.StartTime < completeUntil && !c.wasSpawning(full, s.StartTime) || c.isRecorded(full, &s) {
			continue
		}
		list = append(list, s)
	}
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b survivors.Survivor) int { return cmp.Compare(a.StartTime, b.StartTime) })
	daemons := survivors.Daemons(list)
	return slices.DeleteFunc(list, func(s survivors.Survivor) bool { return daemons[s.PID] != 0 })
}

// helperOf reports whether a survivor is a hook or a probe that ran beside a program, and
// which. A child has a pipe or a socket as its stdin; it may have inherited the variable.
func helperOf(s *survivors.Survivor) (what string, is bool) {
	what = s.Variables[hook.Var]
	return what, what != "" && s.NullStdin
}

func fullNameOf(s *survivors.Survivor) string {
	return namespec.Join(s.Variables["SUPERVISOR_GROUP_NAME"], s.Variables["SUPERVISOR_PROCESS_NAME"])
}

// isRecorded reports whether the journal lists a survivor as the child of a process.
func (c *Claim) isRecorded(name string, s *survivors.Survivor) bool {
	left := c.Processes[name]
	return left != nil && left.PID == s.PID && left.StartTime == s.StartTime
}

// wasSpawning reports whether the journal was written while the survivor may have been
// spawned.
func (c *Claim) wasSpawning(name string, startTime uint64) bool {
	left := c.Processes[name]
	const slack = time.Second
	return left != nil && left.PID == 0 && left.Status.State == states.Starting &&
		boottime.FromTicks(startTime).After(left.Status.Started.Add(-slack))
}

// claimSurvivor adopts a survivor that is ours, or kills a helper.
func (c *Claim) claimSurvivor(s *survivors.Survivor) {
	if what, is := helperOf(s); is {
		c.killHelper(what, fullNameOf(s), &s.Orphan)
		return
	}
	c.damaged = c.damaged || c.previous != recorded
	c.addSurvivor(fullNameOf(s), *s)
}

// killHelper kills a hook or a probe: nothing waits for it any more. The process runs it
// again where that matters.
func (c *Claim) killHelper(what, name string, o *spawn.Orphan) {
	c.log.Info(fmt.Sprintf("ended: %s of %s (pid %d), which the last supervisord had begun", what, name, o.PID))
	if err := o.Kill(); err != nil {
		c.log.Warn(fmt.Sprintf("end %s of %s: %v", what, name, err))
	}
}

// addSurvivor gives a survivor to its process, unless that has an older child or one that
// the journal lists.
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
	past := left.Status // all else is about another child, or a start or a stop that is over
	left.Status = machine.Status{
		State: states.Starting, Reason: "started by a supervisord that is gone", RestartCounts: past.RestartCounts,
		ChildStatus: machine.ChildStatus{PID: s.PID, Started: boottime.FromTicks(s.StartTime), Ended: past.Ended},
	}
}

// blockStartOfSimilar blocks the start of a program whose command a survivor executes that
// can't be read, such as one of another user. If the last daemon crashed, it may be the
// program.
func (c *Claim) blockStartOfSimilar(s *survivors.Survivor) {
	if c.previous != crashed {
		return
	}
	for _, g := range c.Config.Groups {
		for _, p := range g.Processes {
			name := namespec.Join(p.Group, p.Name)
			if c.Processes[name] == nil && runsCommandOf(s, p) {
				c.blockStart(name, s)
				return // another survivor may be another process of the program
			}
		}
	}
}

// blockStart prevents the start of a process whose child may be s.
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
