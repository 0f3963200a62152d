package supervisord_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// needNamespaces skips the test, loudly, where unshare can't do its work.
func needNamespaces(t *testing.T, options ...string) {
	t.Helper()
	need(t, "unshare")
	if out, err := exec.Command("unshare", append(options, "true")...).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: unshare %v: %v %s", options, err, out)
	}
}

// zombies counts the dead children of a process that it has not reaped.
func zombies(parent int) int {
	n := 0
	for _, pid := range childrenOf(parent) {
		if !alive(pid) {
			n++
		}
	}
	return n
}

// has adds a script to the site that leaves behind orphans of many kinds, and
// programs whose exit statuses must not get lost among them.
func (s *testDaemon) configureOrphans() {
	s.write("litter.sh", `i=0
while [ $i -lt 200 ]; do
	(sh -c 'exit 5' & sleep 0.0$((i % 10)) &)
	i=$((i + 1))
done
echo littered
exec sleep 600
`)
	s.configure(fmt.Sprintf(`[program:litter]
command=sh %[1]s/litter.sh
stdout_logfile=%[1]s/litter.log
[program:exits]
command=sh -c "exit %%(process_num)d"
process_name=%%(program_name)s_%%(process_num)d
numprocs=20
startsecs=0
autorestart=false
[program:fork]
command=sh -c "setsid sleep 600 & exit 0"
startretries=1
stdout_logfile=NONE
stderr_logfile=NONE
`, s.dir))
}

// checkOrphansReaped checks what is the same for process 1 and for a subreaper.
func (s *testDaemon) checkOrphansReaped() {
	s.t.Helper()
	s.awaitRunning("litter")
	s.await("the litter", func() bool { return strings.Contains(s.read("litter.log"), "littered") })
	s.await("FATAL of a program that forks", func() bool { return strings.Contains(s.ctl("status", "fork"), "FATAL") })
	daemon := s.daemonPid()
	s.await("no zombies, no orphans but two", func() bool { return zombies(daemon) == 0 && len(childrenOf(daemon)) == 3 })
	log := s.read("supervisord.log")
	for i := range 20 {
		want := fmt.Sprintf("exited: exits_%d (exit status %d;", i, i)
		if strings.Count(log, want) != 1 {
			s.t.Errorf("not once: %s", want)
		}
	}
	if n := strings.Count(log, "fork seems to go into the background"); n != 1 {
		s.t.Errorf("said %d times that a program goes into the background", n)
	}
	if n := strings.Count(log, "seems to go into"); n != 1 {
		s.t.Errorf("said so of %d programs", n)
	}
}

// stopBySignal has a signal end the daemon.
func (s *testDaemon) stopBySignal(sig syscall.Signal) {
	s.t.Helper()
	if err := syscall.Kill(s.daemonPid(), sig); err != nil {
		s.t.Fatal(err)
	}
	if err := s.daemon.Wait(); err != nil {
		s.t.Errorf("after %v: %v", sig, err)
	}
	if log := s.read("supervisord.log"); !strings.Contains(log, "stopped: litter (terminated by SIGTERM)") {
		s.t.Error("a program was not stopped")
	}
	if _, err := os.Stat(s.path("supervisord.pid")); !os.IsNotExist(err) {
		s.t.Errorf("the pidfile is still there (%v)", err)
	}
}

func TestAsPID1(t *testing.T) {
	t.Parallel()
	namespace := []string{"--pid", "--fork", "--mount-proc"}
	needNamespaces(t, namespace...)
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			s := newTestDaemon(t)
			s.configureOrphans()
			s.startUnder(append([]string{"unshare"}, namespace...)...)
			s.checkOrphansReaped()
			if log := s.read("supervisord.log"); !strings.Contains(log, "reaped unknown pid") || !strings.Contains(log, "started with pid 1\n") {
				t.Error("it doesn't know that it is process 1")
			}
			s.stopBySignal(sig)
			if left := s.processes(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestAsSubreaper: orphans come to us where we are not process 1 either. The log
// is silent about them, as Supervisor's is.
func TestAsSubreaper(t *testing.T) {
	t.Parallel()
	s := newTestDaemon(t)
	s.configureOrphans()
	s.start()
	s.checkOrphansReaped()
	if strings.Contains(s.read("supervisord.log"), "reaped unknown pid") {
		t.Error("the log tells of orphans")
	}
	s.stopBySignal(syscall.SIGTERM)
}

// TestWithoutSubreaper: orphans are left to whoever had them with Supervisor.
func TestWithoutSubreaper(t *testing.T) {
	t.Parallel()
	s := newTestDaemon(t)
	s.configure("[program:p]\ncommand=sh -c \"setsid sleep 600 & exit 0\"\nstartretries=0\nstdout_logfile=NONE\n")
	s.write("supervisord.conf", strings.Replace(s.read("supervisord.conf"), "[supervisord]", "[supervisord]\nsubreaper=false", 1))
	s.start()
	s.await("FATAL", func() bool { return strings.Contains(s.ctl("status", "p"), "FATAL") })
	if left := childrenOf(s.daemonPid()); len(left) > 0 {
		t.Errorf("it has children: %v", left)
	}
}
