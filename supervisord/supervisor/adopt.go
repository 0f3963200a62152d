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

// savedStates returns what an earlier daemon left of the processes of a group.
func (s *Supervisor) savedStates(g *process.Group) map[*process.Process]*process.Saved {
	list := make(map[*process.Process]*process.Saved)
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

// restoreGroup restores the processes of a group. Those whose child runs come first:
// a process without a child may be started at once, and then needs the socket of its
// siblings.
func restoreGroup(g *process.Group, saved map[*process.Process]*process.Saved) {
	var later []*process.Process
	for _, p := range g.Processes {
		switch e := saved[p]; {
		case e == nil:
		case e.IsAlive():
			p.Adopt(e)
		default:
			later = append(later, p)
		}
	}
	for _, p := range later {
		p.Adopt(saved[p])
	}
}

// restartWithoutSocket restarts processes whose sockets could not be taken over. It stops all
// of them before it starts the first, because none can listen again while another one does.
// It does not block.
func (s *Supervisor) restartWithoutSocket(ctx context.Context, saved map[*process.Process]*process.Saved) {
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
				_ = p.StartBy(by, p.FullName(), false).Wait(ctx) // the log has the failure
			}
		}
	})
}

// restoreLogs lets a process go on with the AUTO logs that it has been writing to.
func (s *Supervisor) restoreLogs(c *config.Process) {
	e := s.saved.Processes[namespec.Join(c.Group, c.Name)]
	if e == nil || e.StdoutLog+e.StderrLog == "" {
		return
	}
	s.conf.SetLogs(c, loaded.AutoLogs{Stdout: e.StdoutLog, Stderr: e.StderrLog})
}

// isHandedOver reports whether a child of an earlier daemon may be listening on a socket.
func (s *Supervisor) isHandedOver(socket *config.FastCGISocket, conf *config.Group) bool {
	for _, p := range conf.Processes {
		if e := s.saved.Processes[namespec.Join(p.Group, p.Name)]; p.Socket == socket && e != nil && e.IsAlive() {
			return true
		}
	}
	return false
}
