package supervisord_test

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/api/xmlrpc"
)

// interruptUpgrade starts an upgrade that waits for a request under way, and sends the
// daemon a signal meanwhile.
func (s *testDaemon) interruptUpgrade(sig syscall.Signal, more string) {
	s.t.Helper()
	s.configure(more + `[program:slow]
command=sleep 1000
startsecs=600
autostart=false
[program:quiet]
command=sleep 1000
`)
	s.start()
	s.awaitRunning("quiet")
	c, err := xmlrpc.NewClient("unix://"+s.path("s.sock"), "", "")
	if err != nil {
		s.t.Fatal(err)
	}
	answered := make(chan struct{}) // when the daemon ends, or the test
	go func() {
		defer close(answered)
		_ = c.Call(s.t.Context(), "supervisor.startProcess", nil, "slow")
	}()
	s.t.Cleanup(func() {
		<-answered
		c.Close()
	})
	s.await("the start", func() bool { return strings.Contains(s.ctl("status", "slow"), "STARTING") })
	other, err := xmlrpc.NewClient("unix://"+s.path("s.sock"), "", "")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { other.Close() })
	if err := other.Call(s.t.Context(), "supervisor.upgrade", nil, ""); err != nil {
		s.t.Fatal(err)
	}
	if err := syscall.Kill(s.daemonPid(), sig); err != nil {
		s.t.Fatal(err)
	}
}

// TestShutdownCancelsUpgrade: nothing stays behind.
func TestShutdownCancelsUpgrade(t *testing.T) {
	t.Parallel()
	s := newTestDaemon(t)
	s.interruptUpgrade(syscall.SIGTERM, "")
	if err := s.daemon.Wait(); err != nil {
		t.Error(err)
	}
	if left := s.processes(); len(left) > 0 {
		t.Errorf("processes left: %v", left)
	}
	for _, name := range []string{"s.sock", "supervisord.pid", "supervisord.pid.state"} {
		if _, err := os.Lstat(s.path(name)); err == nil {
			t.Errorf("%s stays behind", name)
		}
	}
}

// TestReloadCancelsUpgrade: the daemon has its address again.
func TestReloadCancelsUpgrade(t *testing.T) {
	t.Parallel()
	s := newTestDaemon(t)
	s.interruptUpgrade(syscall.SIGHUP, "")
	s.await("the next life", func() bool { return strings.Count(s.read("supervisord.log"), "supervisord started with pid") == 2 })
	s.awaitRunning("quiet")
	if out := s.ctl("shutdown"); out != "Shut down\n" {
		t.Error(out)
	}
	if err := s.daemon.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(s.path("s.sock")); err == nil {
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
			s := newTestDaemon(t)
			script := s.write("stubborn", `trap 'while [ ! -e "$0.go" ]; do sleep 0.1; done; exit 0' TERM
echo yes > "$0.ready"
while :; do sleep 0.1; done
`)
			s.interruptUpgrade(sig, "[program:stubborn]\ncommand=sh "+script+"\nstopwaitsecs=3600\n")
			s.await("an answer", func() bool { return strings.Contains(s.ctl("status"), "SHUTDOWN_STATE") }) // as Supervisor has it
			if log := s.read("supervisord.log"); !strings.Contains(log, "WARN not upgraded: supervisord is about to end") {
				t.Errorf("the log is\n%s", log)
			}
			s.write("stubborn.go", "")
			if sig == syscall.SIGHUP {
				s.await("the next life", func() bool { return strings.Count(s.read("supervisord.log"), "supervisord started with pid") == 2 })
				s.await("it to run", func() bool { return strings.Contains(s.ctl("status", "stubborn"), "RUNNING") })
				s.ctl("shutdown")
			}
			if err := s.daemon.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}
