package supervisord_test

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/xmlrpc"
)

// overtaken starts an upgrade that waits for a request under way, and sends the
// daemon a signal meanwhile.
func (s *site) overtaken(sig syscall.Signal) {
	s.t.Helper()
	s.configure(`[program:slow]
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
	s.t.Cleanup(func() { c.Close() })
	go func() { _ = c.Call(s.t.Context(), "supervisor.startProcess", nil, "slow") }() // is answered when it is over
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

// TestShutdownOvertakesAnUpgrade: nothing stays behind.
func TestShutdownOvertakesAnUpgrade(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.overtaken(syscall.SIGTERM)
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

// TestReloadOvertakesAnUpgrade: the daemon has its address again.
func TestReloadOvertakesAnUpgrade(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.overtaken(syscall.SIGHUP)
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
