package supervisor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/loaded"
)

// SavedState is what an earlier daemon has left of a process. It names the AUTO
// logs that the process writes to, "" for those that it did not have.
type SavedState struct {
	process.SavedState
	StdoutLog, StderrLog string
}

// AutoLogs returns the AUTO logs of a process, "" where there is none.
func AutoLogs(p *process.Process) (stdout, stderr string) {
	if p.Config.Stdout.Auto {
		stdout = p.Stdout
	}
	if p.Config.Stderr.Auto {
		stderr = p.Stderr
	}
	return stdout, stderr
}

// savedStates returns what is left of the processes of a group, nil for nothing.
func (s *Supervisor) savedStates(g *process.Group) map[*process.Process]*SavedState {
	list := make(map[*process.Process]*SavedState)
	for _, p := range g.Processes {
		if e := s.saved.Processes[p.FullName()]; e != nil {
			list[p] = e
		}
	}
	return list
}

// restoreProcesses restores the processes of a group that an earlier daemon left.
func (s *Supervisor) restoreProcesses(g *process.Group) {
	saved := s.savedStates(g)
	for p, e := range saved {
		s.starts.RestoreSeen(p, &process.Status{Status: e.Status})
	}
	restoreGroup(g, saved)
	for p, e := range saved {
		if e.NoSocket != "" {
			s.noSocket[p] = e
		}
	}
}

// restoreGroup gives the processes of a group their estates. Those with a living
// child come first: one without may be born again at once, and has to find the
// socket of its siblings.
func restoreGroup(g *process.Group, saved map[*process.Process]*SavedState) {
	var later []*process.Process
	for _, p := range g.Processes {
		switch e := saved[p]; {
		case e == nil:
		case e.Child.IsAlive():
			p.Adopt(&e.SavedState)
		default:
			later = append(later, p)
		}
	}
	for _, p := range later {
		p.Adopt(&saved[p].SavedState)
	}
}

// restartWithoutSocket restarts those whose sockets can't be had: all are stopped
// before the first is started, since none of them can listen anew while another
// does. It does not block.
func (s *Supervisor) restartWithoutSocket(ctx context.Context, saved map[*process.Process]*SavedState) {
	const by = "the new daemon, which can't have its socket"
	var stops sync.WaitGroup
	var again []*process.Process
	for p := range saved {
		st := p.Status()
		switch {
		case st.PID == 0:
			continue
		case errors.Is(st.Child.Signal(0, false), syscall.EPERM):
			s.opts.Log.Warn(fmt.Sprintf("'%s' is not restarted after all: it can't be signalled", p.FullName()))
			continue
		case st.State.IsRunning() || st.StartPending:
			again = append(again, p)
		}
		stops.Go(func() { _ = p.StopBy(by, p.FullName(), true).Wait(ctx) }) // it may have ended just now
	}
	s.wg.Go(func() {
		stops.Wait()
		for _, p := range again {
			if ctx.Err() == nil && p.Status().State == states.Stopped {
				_ = p.StartBy(by, p.FullName(), false).Wait(ctx) // the log tells
			}
		}
	})
}

// restoreLogs has a process go on with the AUTO logs that it has been writing to.
func (s *Supervisor) restoreLogs(c *config.Process) {
	e := s.saved.Processes[namespec.Join(c.Group, c.Name)]
	if e == nil || e.StdoutLog+e.StderrLog == "" {
		return
	}
	s.conf.SetLogs(c, loaded.AutoLogs{Stdout: e.StdoutLog, Stderr: e.StderrLog})
}

// isHandedOver tells whether an orphan may be listening on a socket.
func (s *Supervisor) isHandedOver(socket *config.FastCGISocket, conf *config.Group) bool {
	for _, p := range conf.Processes {
		if e := s.saved.Processes[namespec.Join(p.Group, p.Name)]; p.Socket == socket && e != nil && e.Child.IsAlive() {
			return true
		}
	}
	return false
}
