package supervisord

import (
	"context"
	"fmt"
	"os"
	"syscall"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/supervisor"
)

// handleSignals handles the signals to the daemon until ctx ends.
func (r *daemonRun) handleSignals(ctx context.Context, s *supervisor.Supervisor) {
	for {
		select {
		case sig := <-r.signals.Shutdown:
			r.handleSignal(s, sig)
		case sig := <-r.signals.Restart:
			r.handleSignal(s, sig)
		case sig := <-r.signals.Reopen:
			r.handleSignal(s, sig)
		case <-ctx.Done():
			return
		}
	}
}

func (r *daemonRun) handleSignal(s *supervisor.Supervisor, sig os.Signal) {
	name := signals.Name(sig.(syscall.Signal))
	switch sig {
	case syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT:
		r.log.Warn(fmt.Sprintf("received %s indicating exit request", name))
		s.Shutdown()
	case syscall.SIGHUP:
		if s.Mood() == states.DaemonShutdown {
			r.log.Warn(fmt.Sprintf("ignored %s indicating restart request (shutdown in progress)", name))
			return
		}
		r.log.Warn(fmt.Sprintf("received %s indicating restart request", name))
		if err := s.Restart(); err != nil {
			r.log.Error(fmt.Sprintf("not restarted: %v", err))
		}
	case syscall.SIGUSR2:
		r.log.Info(fmt.Sprintf("received %s indicating log reopen request", name))
		s.Logs().Reopen()
	}
}
