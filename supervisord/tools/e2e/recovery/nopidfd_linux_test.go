package recovery

import (
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/tools/testkit"
	"supervisor/supervisord/tools/testkit/e2e"
)

// TestAdoptionWithoutPidfds runs the daemon where the kernel has no pidfds, or the
// seccomp profile of a container forbids them: nothing is started twice, and all
// exits are noticed.
func TestAdoptionWithoutPidfds(t *testing.T) {
	for name, errno := range map[string]syscall.Errno{"missing": unix.ENOSYS, "forbidden": unix.EPERM} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := e2e.NewDaemon(t)
			d.Configure(`[program:quiet]
command=sleep 1000
[program:tree]
command=sh -c "setsid sleep 1000 & trap exit TERM; wait"
stop_scope=tree
startsecs=0
[program:killed]
command=sleep 1000
autorestart=false
`)
			denied := testkit.SeccompCommand([]testkit.SeccompRule{
				{Call: unix.SYS_PIDFD_OPEN, Errno: errno}, {Call: unix.SYS_PIDFD_SEND_SIGNAL, Errno: errno}, {Call: unix.SYS_PIDFD_GETFD, Errno: errno},
			})
			d.StartUnder(denied...)
			d.AwaitRunning("quiet", "tree", "killed")
			d.ExpectCtl("stop tree", "tree: stopped\n")
			d.Ctl("start", "tree")
			names := []string{"quiet", "tree", "killed"}
			before := d.ProgramPIDs(names...)
			d.Crash()
			d.StartUnder(denied...)
			d.AwaitRunning(names...)
			d.ExpectPIDs(names, before)
			e2e.Kill(t, before[2])
			d.AwaitStatus("killed", "EXITED")
			d.ExpectCtl("stop quiet tree", "quiet: stopped\ntree: stopped\n")
			d.ExpectNoProcesses()
		})
	}
}
