package process

import (
	"os"
	"sync"
	"syscall"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/process/runs"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/boottime"
)

// runRecorder records the runs of a process. Run writes, anyone may read.
type runRecorder struct {
	mu      sync.Mutex
	history runs.History
	current *runs.Run // of the child, nil if there is none; replaced, never changed
}

// begin records that a child was spawned.
func (r *runRecorder) begin(run runs.Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = &run
	if run.IsRestart {
		r.history.CountRestart(run.Started.Time)
	}
}

// add records a run that has ended.
func (r *runRecorder) add(run runs.Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = nil
	r.history.Add(run)
}

// restore records what an earlier daemon knew.
func (r *runRecorder) restore(list []runs.Run, current *runs.Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history.Restore(list)
	r.current = current
}

// saved returns the current run and the last one that has ended, nil for none.
func (r *runRecorder) saved() (current, last *runs.Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if list := r.history.Runs(); len(list) > 0 {
		last = &list[len(list)-1]
	}
	return r.current, last
}

// Runs returns the last runs that have ended, oldest first. They must not be changed. It
// never blocks for long.
func (p *Process) Runs() []runs.Run {
	p.runs.mu.Lock()
	defer p.runs.mu.Unlock()
	return p.runs.history.Runs()
}

// RestartsInLastHour returns how often the process was restarted within the last hour
// without anyone's request, as far as this daemon has seen.
func (p *Process) RestartsInLastHour() int {
	p.runs.mu.Lock()
	defer p.runs.mu.Unlock()
	return p.runs.history.RestartsInLastHour(time.Now())
}

// beginRun records the child that was just spawned.
func (p *Process) beginRun(pid int) {
	run := runs.Run{PID: pid, Started: boottime.At(time.Now()), StartedBy: p.machine.Reason, IsRestart: p.machine.IsRestart()}
	run.Stdout.Inode, run.Stdout.From = p.stdout.Position()
	if !p.Config.RedirectStderr {
		run.Stderr.Inode, run.Stderr.From = p.stderr.Position()
	}
	p.runs.begin(run)
}

// endRun records that the child, which had that status, has exited. Its output has been
// written, and the logs are still open.
func (p *Process) endRun(was *machine.Status, e spawn.Exit) {
	current, _ := p.runs.saved()
	if current == nil {
		current = &runs.Run{PID: was.PID, Started: was.Started} // of a daemon that did not record it
	}
	run := *current
	run.Ended, run.Code, run.Signal, run.Core = boottime.At(time.Now()), e.Code, e.Signal, e.Core
	switch was.State {
	case states.Stopping:
		run.StoppedBy, run.Expected = machine.StopRequester(was.Reason), true
	case states.Running:
		run.Expected = e.Code >= 0 && p.CurrentConfig().Expected(e.Code)
	case states.Starting, states.Stopped, states.Backoff, states.Exited, states.Fatal, states.Unknown:
	}
	if child, ok := p.child.(spawn.UsageReporter); ok {
		used := child.Usage()
		run.MaxRSS, run.CPU = used.MaxRSS, used.CPU
	}
	run.Stdout.EndInode, run.Stdout.To = endOf(p.stdout)
	if !p.Config.RedirectStderr {
		run.Stderr.EndInode, run.Stderr.To = endOf(p.stderr)
	}
	p.runs.add(run)
}

// recordFailedStart records a start that came to no child.
func (p *Process) recordFailedStart(reason string) {
	now := boottime.At(time.Now())
	p.runs.add(runs.Run{Started: now, Ended: now, StartedBy: p.machine.Reason, SpawnErr: reason})
}

// endOf returns where the output of a stream ends, also if its log is closed, as after an
// exit that nobody has seen.
func endOf(s *logs.Stream) (inode uint64, size int64) {
	if inode, size = s.Position(); inode != 0 || s.Path() == "" {
		return inode, size
	}
	info, err := os.Stat(s.Path())
	if err != nil || !info.Mode().IsRegular() {
		return 0, 0
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = st.Ino
	}
	return inode, info.Size()
}
