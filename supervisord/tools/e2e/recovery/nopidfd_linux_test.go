package recovery

import (
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/tools/testkit"
	"supervisor/supervisord/tools/testkit/e2e"
)

// TestAdoptionWithoutPidfds: where the kernel, or the seccomp profile of
// a container, does not have them, nothing is started twice and all ends are seen.
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
[program:mortal]
command=sleep 1000
autorestart=false
`)
			denied := testkit.SeccompCommand([]testkit.SeccompRule{
				{Call: unix.SYS_PIDFD_OPEN, Errno: errno}, {Call: unix.SYS_PIDFD_SEND_SIGNAL, Errno: errno}, {Call: unix.SYS_PIDFD_GETFD, Errno: errno},
			})
			d.StartUnder(denied...)
			d.AwaitRunning("quiet", "tree", "mortal")
			d.ExpectCtl("stop tree", "tree: stopped\n")
			d.Ctl("start", "tree")
			names := []string{"quiet", "tree", "mortal"}
			before := d.ProgramPIDs(names...)
			d.Crash()
			d.StartUnder(denied...)
			d.AwaitRunning(names...)
			d.ExpectPIDs(names, before)
			e2e.Kill(t, before[2])
			d.AwaitStatus("mortal", "EXITED")
			d.ExpectCtl("stop quiet tree", "quiet: stopped\ntree: stopped\n")
			d.ExpectNoProcesses()
		})
	}
}
