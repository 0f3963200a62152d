package upgrade

import (
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/tools/testkit/e2e"
)

// interruptUpgrade starts an upgrade that waits for a request under way, and sends the
// daemon a signal meanwhile.
func interruptUpgrade(s *e2e.Daemon, sig syscall.Signal, more string) {
	s.T.Helper()
	s.Configure(more + `[program:slow]
command=sleep 1000
startsecs=600
autostart=false
[program:quiet]
command=sleep 1000
`)
	s.Start()
	s.AwaitRunning("quiet")
	c, err := xmlrpc.NewClient("unix://"+s.Path("s.sock"), "", "")
	if err != nil {
		s.T.Fatal(err)
	}
	answered := make(chan struct{}) // when the daemon ends, or the test
	go func() {
		defer close(answered)
		_ = c.Call(s.T.Context(), "supervisor.startProcess", nil, "slow")
	}()
	s.T.Cleanup(func() {
		<-answered
		c.Close()
	})
	s.AwaitStatus("slow", "STARTING")
	other, err := xmlrpc.NewClient("unix://"+s.Path("s.sock"), "", "")
	if err != nil {
		s.T.Fatal(err)
	}
	s.T.Cleanup(func() { other.Close() })
	if err := other.Call(s.T.Context(), "supervisor.upgrade", nil, ""); err != nil {
		s.T.Fatal(err)
	}
	s.Signal(sig)
}

// TestShutdownCancelsUpgrade: nothing stays behind.
func TestShutdownCancelsUpgrade(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	interruptUpgrade(s, syscall.SIGTERM, "")
	s.ExpectExit()
	s.ExpectNoProcesses()
	for _, name := range []string{"s.sock", "supervisord.pid", "supervisord.pid.state"} {
		if s.Exists(name) {
			t.Errorf("%s stays behind", name)
		}
	}
}

// TestReloadCancelsUpgrade: the daemon has its address again.
func TestReloadCancelsUpgrade(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	interruptUpgrade(s, syscall.SIGHUP, "")
	s.Await("the next life", func() bool { return s.CountLogged("supervisord started with pid") == 2 })
	s.AwaitRunning("quiet")
	s.ExpectCtl("shutdown", "Shut down\n")
	s.ExpectExit()
	if s.Exists("s.sock") {
		t.Error("the socket stays behind")
	}
}

// TestClientsServedWhenUpgradeCancelled: a shutdown or reload may take long,
// and whoever connected during the wait for the upgrade is answered all the same.
func TestClientsServedWhenUpgradeCancelled(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			s := e2e.NewDaemon(t)
			script := s.Write("stubborn", `trap 'while [ ! -e "$0.go" ]; do sleep 0.1; done; exit 0' TERM
echo yes > "$0.ready"
while :; do sleep 0.1; done
`)
			interruptUpgrade(s, sig, "[program:stubborn]\ncommand=sh "+script+"\nstopwaitsecs=3600\n")
			s.Await("an answer", func() bool { return strings.Contains(s.Ctl("status"), "SHUTDOWN_STATE") }) // as Supervisor has it
			if log := s.Log(); !strings.Contains(log, "WARN not upgraded: supervisord is about to end") {
				t.Errorf("the log is\n%s", log)
			}
			s.Write("stubborn.go", "")
			if sig == syscall.SIGHUP {
				s.Await("the next life", func() bool { return s.CountLogged("supervisord started with pid") == 2 })
				s.AwaitStatus("stubborn", "RUNNING")
				s.Ctl("shutdown")
			}
			s.ExpectExit()
		})
	}
}
