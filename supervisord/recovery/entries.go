package recovery

import (
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/recovery/journal"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/supervisor"
)

// fromEntry is what an entry says.
func fromEntry(entry *journal.Entry) *supervisor.SavedState {
	left := &supervisor.SavedState{StdoutLog: entry.StdoutLog, StderrLog: entry.StderrLog}
	left.Child = spawn.Orphan{PID: entry.PID, ProcessIdentity: spawn.ProcessIdentity{
		StartTime: entry.Born, Stdin: entry.Stdin, Stdout: entry.Stdout, Stderr: entry.Stderr,
	}, Cgroup: entry.Cgroup}
	left.Status = machine.Status{
		State: states.Process(entry.State), Reason: entry.Reason, Deadline: entry.Deadline.Time(), Hook: machine.Hook(entry.Hook),
		ChildStatus: machine.ChildStatus{
			PID: entry.PID, Started: entry.Started.Time(), Ended: entry.Ended.Time(),
			ExitStatus: entry.ExitStatus, ShellStatus: entry.Ending, SpawnErr: entry.SpawnErr, Digest: entry.Digest,
		},
		RestartCounts: machine.RestartCounts{Tries: entry.Tries, RestartsInRow: entry.Row},
		PendingStart: machine.PendingStart{
			StartDue: entry.Due, StartPending: entry.Again, StartPendingBy: entry.AgainBy,
			WaitingFor: entry.Waiting, StartCancelled: entry.Declined,
		},
		StopProgress: machine.StopProgress{StopStep: entry.Step, LeaderExited: entry.Leaderless, Leftovers: entry.Left},
	}
	if len(entry.Restarts) > 0 {
		times := make([]time.Time, len(entry.Restarts))
		for i, at := range entry.Restarts {
			times[i] = at.Time()
		}
		left.Status.Restarts = &times
	}
	if v := entry.Vitals; v != nil {
		left.Status.ProbeResults = machine.ProbeResults{
			Ready: v.Ready, NotReadyReason: v.NotYet, ReadyBy: v.ReadyBy.Time(), ReadyTimedOut: v.Late, ReadyMaybeMissed: v.Unheard,
			Health: machine.HealthStatus(v.Health), HealthFailure: v.Ill, ProbeChangedAt: v.VitalsAt.Time(),
		}
	}
	return left
}

// probeResults are those to be recorded, nil for none.
func probeResults(v machine.ProbeResults) *journal.ProbeResults {
	if v == (machine.ProbeResults{}) {
		return nil
	}
	return &journal.ProbeResults{
		Ready: v.Ready, NotYet: v.NotReadyReason, ReadyBy: journal.NewTimestamp(v.ReadyBy), Late: v.ReadyTimedOut, Unheard: v.ReadyMaybeMissed,
		Health: string(v.Health), Ill: v.HealthFailure, VitalsAt: journal.NewTimestamp(v.ProbeChangedAt),
	}
}

// entryOf tells what is to be recorded of a process, unless it is one of the past.
func entryOf(p *process.Process) (journal.Entry, bool) {
	s := p.Status()
	entry := journal.Entry{
		Group: p.Config.Group, Name: p.Config.Name, PID: s.PID,
		State: int(s.State), Tries: s.Tries, ExitStatus: s.ExitStatus, Ending: s.ShellStatus, Waiting: s.WaitingFor, Declined: s.StartCancelled, SpawnErr: s.SpawnErr, Reason: s.Reason,
		Started: journal.NewTimestamp(s.Started), Ended: journal.NewTimestamp(s.Ended), Deadline: journal.NewTimestamp(s.Deadline),
		Due: s.StartDue, Again: s.StartPending, AgainBy: s.StartPendingBy, Row: s.RestartsInRow, Vitals: probeResults(s.ProbeResults), Hook: int(s.Hook),
		Step: s.StopStep, Leaderless: s.LeaderExited, Left: s.Leftovers,
	}
	if s.ProcessTree != nil {
		entry.Cgroup = s.ProcessTree.Cgroup()
	}
	if s.Restarts != nil {
		for _, at := range *s.Restarts {
			entry.Restarts = append(entry.Restarts, journal.NewTimestamp(at))
		}
	}
	if s.SignaledEarly { // for a later daemon it is as good as asked
		entry.State = int(states.Stopping)
		entry.Deadline = journal.NewTimestamp(time.Now().Add(time.Duration(p.CurrentConfig().StopWaitSecs) * time.Second))
	}
	entry.StdoutLog, entry.StderrLog = supervisor.AutoLogs(p)
	recordConfig(&entry, p, s)
	if s.Child != nil {
		t := s.Child.Identity()
		entry.Born, entry.Stdin, entry.Stdout, entry.Stderr = t.StartTime, t.Stdin, t.Stdout, t.Stderr
	}
	return entry, !p.IsOver()
}
