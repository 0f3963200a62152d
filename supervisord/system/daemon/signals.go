package daemon

import (
	"os"
	"os/signal"
	"syscall"
)

// Signals holds the signals to the daemon that have arrived and were not yet handled. There is
// room for one of each kind, as in the kernel: a second one that arrives before the first is
// handled requests nothing new. So a burst of one kind leaves room for the others.
type Signals struct {
	Shutdown chan os.Signal // SIGTERM, SIGINT, SIGQUIT
	Restart  chan os.Signal // SIGHUP
	Reopen   chan os.Signal // SIGUSR2
}

// NewSignals returns Signals that catch nothing yet.
func NewSignals() *Signals {
	return &Signals{make(chan os.Signal, 1), make(chan os.Signal, 1), make(chan os.Signal, 1)}
}

// Catch starts to catch the signals that the daemon handles. All others keep their default
// action, as in Supervisor.
func (s *Signals) Catch() {
	signal.Notify(s.Shutdown, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	signal.Notify(s.Restart, syscall.SIGHUP)
	signal.Notify(s.Reopen, syscall.SIGUSR2)
}

// Stop stops catching them.
func (s *Signals) Stop() {
	for _, c := range s.all() {
		signal.Stop(c)
	}
}

func (s *Signals) all() []chan os.Signal { return []chan os.Signal{s.Shutdown, s.Restart, s.Reopen} }

// Add adds a signal that arrived before this process executed the present program.
func (s *Signals) Add(sig syscall.Signal) {
	to := s.Shutdown
	switch sig {
	case syscall.SIGHUP:
		to = s.Restart
	case syscall.SIGUSR2:
		to = s.Reopen
	}
	select {
	case to <- sig:
	default: // there is one already
	}
}

// Take returns all that have not been handled, and removes them.
func (s *Signals) Take() (list []syscall.Signal) {
	for _, c := range s.all() {
		select {
		case sig := <-c:
			list = append(list, sig.(syscall.Signal))
		default:
		}
	}
	return list
}
