package supervisord

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/supervisor"
)

// pendingSignals are the signals that have come to the daemon and have not been
// obeyed yet. There is room for one of each kind, as in the kernel: a second one that
// comes before the first has been obeyed asks for nothing new. So no burst of one kind
// leaves another kind without room.
type pendingSignals struct{ end, restart, reopen chan os.Signal }

func newPendingSignals() *pendingSignals {
	return &pendingSignals{make(chan os.Signal, 1), make(chan os.Signal, 1), make(chan os.Signal, 1)}
}

// catch takes the signals that mean something to supervisord. All others keep their
// default action, as with Supervisor.
func (p *pendingSignals) catch() {
	signal.Notify(p.end, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	signal.Notify(p.restart, syscall.SIGHUP)
	signal.Notify(p.reopen, syscall.SIGUSR2)
}

func (p *pendingSignals) stop() {
	for _, c := range p.all() {
		signal.Stop(c)
	}
}

func (p *pendingSignals) all() []chan os.Signal { return []chan os.Signal{p.end, p.restart, p.reopen} }

// add adds a signal that came to the daemon before this one.
func (p *pendingSignals) add(sig syscall.Signal) {
	to := p.end
	switch sig {
	case syscall.SIGHUP:
		to = p.restart
	case syscall.SIGUSR2:
		to = p.reopen
	}
	select {
	case to <- sig:
	default: // there is one already
	}
}

// take takes all that are pending.
func (p *pendingSignals) take() (list []syscall.Signal) {
	for _, c := range p.all() {
		select {
		case sig := <-c:
			list = append(list, sig.(syscall.Signal))
		default:
		}
	}
	return list
}

// handleSignals carries out what signals to the daemon ask for, until ctx ends.
func (l *daemonRun) handleSignals(ctx context.Context, s *supervisor.Supervisor) {
	for {
		select {
		case sig := <-l.signals.end:
			l.handleSignal(s, sig)
		case sig := <-l.signals.restart:
			l.handleSignal(s, sig)
		case sig := <-l.signals.reopen:
			l.handleSignal(s, sig)
		case <-ctx.Done():
			return
		}
	}
}

func (l *daemonRun) handleSignal(s *supervisor.Supervisor, sig os.Signal) {
	name := signals.Name(sig.(syscall.Signal))
	switch sig {
	case syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT:
		l.log.Warn(fmt.Sprintf("received %s indicating exit request", name))
		s.Shutdown()
	case syscall.SIGHUP:
		if s.Mood() == states.DaemonShutdown {
			l.log.Warn(fmt.Sprintf("ignored %s indicating restart request (shutdown in progress)", name))
			return
		}
		l.log.Warn(fmt.Sprintf("received %s indicating restart request", name))
		if err := s.Restart(); err != nil {
			l.log.Error(fmt.Sprintf("not restarted: %v", err))
		}
	case syscall.SIGUSR2:
		l.log.Info(fmt.Sprintf("received %s indicating log reopen request", name))
		s.ReopenLogs()
	}
}

// switchableLog is a handler for what outlasts a life: it writes to the main log
// of the present one, and nowhere in between.
type switchableLog struct{ current atomic.Pointer[slog.Handler] }

func (s *switchableLog) set(h slog.Handler) {
	if h == nil {
		s.current.Store(nil)
		return
	}
	s.current.Store(&h)
}

// Enabled implements slog.Handler.
func (s *switchableLog) Enabled(ctx context.Context, level slog.Level) bool {
	h := s.current.Load()
	return h != nil && (*h).Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (s *switchableLog) Handle(ctx context.Context, r slog.Record) error {
	if h := s.current.Load(); h != nil {
		return (*h).Handle(ctx, r)
	}
	return nil
}

// WithAttrs implements slog.Handler; nobody who outlasts a life has attributes.
func (s *switchableLog) WithAttrs([]slog.Attr) slog.Handler { return s }

// WithGroup implements slog.Handler.
func (s *switchableLog) WithGroup(string) slog.Handler { return s }
