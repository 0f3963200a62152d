package recovery

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// zombies counts the children of a process that have exited and are not reaped.
func zombies(parent int) int {
	n := 0
	for _, pid := range e2e.ChildrenOf(parent) {
		if !e2e.Alive(pid) {
			n++
		}
	}
	return n
}

// configureOrphans configures a program that leaves orphans of many kinds, and
// programs whose exit statuses must not get lost among those of the orphans.
func configureOrphans(d *e2e.Daemon) {
	d.Write("litter.sh", `i=0
while [ $i -lt 200 ]; do
	(sh -c 'exit 5' & sleep 0.0$((i % 10)) &)
	i=$((i + 1))
done
echo littered
exec sleep 600
`)
	d.Configure(fmt.Sprintf(`[program:litter]
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
`, d.Dir))
}

// checkOrphansReaped checks what holds for process 1 and for a subreaper alike.
func checkOrphansReaped(d *e2e.Daemon) {
	d.T.Helper()
	d.AwaitRunning("litter")
	d.AwaitText("litter.log", "littered")
	d.AwaitStatus("fork", "FATAL")
	daemon := d.PID()
	d.Await("no zombies, and two orphans that run", func() bool { return zombies(daemon) == 0 && len(e2e.ChildrenOf(daemon)) == 3 })
	log := d.Log()
	for i := range 20 {
		want := fmt.Sprintf("exited: exits_%d (exit status %d;", i, i)
		if strings.Count(log, want) != 1 {
			d.T.Errorf("not logged once: %s", want)
		}
	}
	if n := strings.Count(log, "fork seems to go into the background"); n != 1 {
		d.T.Errorf("logged %d times that fork goes into the background", n)
	}
	if n := strings.Count(log, "seems to go into"); n != 1 {
		d.T.Errorf("logged %d times that a program goes into the background", n)
	}
}

// stopBySignal ends the daemon by a signal and checks that it has stopped its programs.
func stopBySignal(d *e2e.Daemon, sig syscall.Signal) {
	d.T.Helper()
	d.Signal(sig)
	if err := d.Cmd.Wait(); err != nil {
		d.T.Errorf("after %v: %v", sig, err)
	}
	if log := d.Log(); !strings.Contains(log, "stopped: litter (terminated by SIGTERM)") {
		d.T.Error("a program was not stopped")
	}
	if _, err := os.Stat(d.Path("supervisord.pid")); !os.IsNotExist(err) {
		d.T.Errorf("the pidfile is left (%v)", err)
	}
}

func TestAsPID1(t *testing.T) {
	t.Parallel()
	namespace := []string{"--pid", "--fork", "--mount-proc"}
	e2e.NeedNamespaces(t, namespace...)
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			d := e2e.NewDaemon(t)
			configureOrphans(d)
			d.StartUnder(append([]string{"unshare"}, namespace...)...)
			checkOrphansReaped(d)
			if log := d.Log(); !strings.Contains(log, "reaped unknown pid") || !strings.Contains(log, "started with pid 1\n") {
				t.Error("the log doesn't show that it is process 1")
			}
			stopBySignal(d, sig)
			d.ExpectNoProcesses()
		})
	}
}

// TestAsSubreaper checks that the daemon reaps orphans where it is not process 1, and
// doesn't log them, as Supervisor doesn't.
func TestAsSubreaper(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	configureOrphans(d)
	d.Start()
	checkOrphansReaped(d)
	if strings.Contains(d.Log(), "reaped unknown pid") {
		t.Error("orphans are logged")
	}
	stopBySignal(d, syscall.SIGTERM)
}

// TestWithoutSubreaper checks that subreaper=false leaves orphans to process 1, as
// Supervisor does.
func TestWithoutSubreaper(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[program:p]\ncommand=sh -c \"setsid sleep 600 & exit 0\"\nstartretries=0\nstdout_logfile=NONE\n")
	d.EditConfig("[supervisord]", "[supervisord]\nsubreaper=false")
	d.Start()
	d.AwaitStatus("p", "FATAL")
	if left := e2e.ChildrenOf(d.PID()); len(left) > 0 {
		t.Errorf("it has children: %v", left)
	}
}
