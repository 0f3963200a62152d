package recovery

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// zombies counts the dead children of a process that it has not reaped.
func zombies(parent int) int {
	n := 0
	for _, pid := range e2e.ChildrenOf(parent) {
		if !e2e.Alive(pid) {
			n++
		}
	}
	return n
}

// has adds a script to the site that leaves behind orphans of many kinds, and
// programs whose exit statuses must not get lost among them.
func configureOrphans(s *e2e.Daemon) {
	s.Write("litter.sh", `i=0
while [ $i -lt 200 ]; do
	(sh -c 'exit 5' & sleep 0.0$((i % 10)) &)
	i=$((i + 1))
done
echo littered
exec sleep 600
`)
	s.Configure(fmt.Sprintf(`[program:litter]
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
`, s.Dir))
}

// checkOrphansReaped checks what is the same for process 1 and for a subreaper.
func checkOrphansReaped(s *e2e.Daemon) {
	s.T.Helper()
	s.AwaitRunning("litter")
	s.AwaitText("litter.log", "littered")
	s.AwaitStatus("fork", "FATAL")
	daemon := s.PID()
	s.Await("no zombies, no orphans but two", func() bool { return zombies(daemon) == 0 && len(e2e.ChildrenOf(daemon)) == 3 })
	log := s.Log()
	for i := range 20 {
		want := fmt.Sprintf("exited: exits_%d (exit status %d;", i, i)
		if strings.Count(log, want) != 1 {
			s.T.Errorf("not once: %s", want)
		}
	}
	if n := strings.Count(log, "fork seems to go into the background"); n != 1 {
		s.T.Errorf("said %d times that a program goes into the background", n)
	}
	if n := strings.Count(log, "seems to go into"); n != 1 {
		s.T.Errorf("said so of %d programs", n)
	}
}

// stopBySignal has a signal end the daemon.
func stopBySignal(s *e2e.Daemon, sig syscall.Signal) {
	s.T.Helper()
	s.Signal(sig)
	if err := s.Cmd.Wait(); err != nil {
		s.T.Errorf("after %v: %v", sig, err)
	}
	if log := s.Log(); !strings.Contains(log, "stopped: litter (terminated by SIGTERM)") {
		s.T.Error("a program was not stopped")
	}
	if _, err := os.Stat(s.Path("supervisord.pid")); !os.IsNotExist(err) {
		s.T.Errorf("the pidfile is still there (%v)", err)
	}
}

func TestAsPID1(t *testing.T) {
	t.Parallel()
	namespace := []string{"--pid", "--fork", "--mount-proc"}
	e2e.NeedNamespaces(t, namespace...)
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			s := e2e.NewDaemon(t)
			configureOrphans(s)
			s.StartUnder(append([]string{"unshare"}, namespace...)...)
			checkOrphansReaped(s)
			if log := s.Log(); !strings.Contains(log, "reaped unknown pid") || !strings.Contains(log, "started with pid 1\n") {
				t.Error("it doesn't know that it is process 1")
			}
			stopBySignal(s, sig)
			s.ExpectNoProcesses()
		})
	}
}

// TestAsSubreaper: orphans come to us where we are not process 1 either. The log
// is silent about them, as Supervisor's is.
func TestAsSubreaper(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	configureOrphans(s)
	s.Start()
	checkOrphansReaped(s)
	if strings.Contains(s.Log(), "reaped unknown pid") {
		t.Error("the log tells of orphans")
	}
	stopBySignal(s, syscall.SIGTERM)
}

// TestWithoutSubreaper: orphans are left to whoever had them with Supervisor.
func TestWithoutSubreaper(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	s.Configure("[program:p]\ncommand=sh -c \"setsid sleep 600 & exit 0\"\nstartretries=0\nstdout_logfile=NONE\n")
	s.EditConfig("[supervisord]", "[supervisord]\nsubreaper=false")
	s.Start()
	s.AwaitStatus("p", "FATAL")
	if left := e2e.ChildrenOf(s.PID()); len(left) > 0 {
		t.Errorf("it has children: %v", left)
	}
}
