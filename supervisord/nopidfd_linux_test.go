package supervisord_test

import (
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/tools/testkit"
)

// TestAdoptionWithoutPidfds: where the kernel, or the seccomp profile of
// a container, does not have them, nothing is started twice and all ends are seen.
func TestAdoptionWithoutPidfds(t *testing.T) {
	for name, errno := range map[string]syscall.Errno{"missing": unix.ENOSYS, "forbidden": unix.EPERM} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTestDaemon(t)
			s.configure(`[program:quiet]
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
			s.startUnder(denied...)
			s.awaitRunning("quiet", "tree", "mortal")
			if out := s.ctl("stop", "tree"); out != "tree: stopped\n" {
				t.Errorf("stop: %s", out)
			}
			s.ctl("start", "tree")
			names := []string{"quiet", "tree", "mortal"}
			before := s.programPids(names...)
			s.crash()
			s.startUnder(denied...)
			s.awaitRunning(names...)
			for i, pid := range s.programPids(names...) {
				if pid != before[i] {
					t.Errorf("%s had pid %d and has %d", names[i], before[i], pid)
				}
			}
			killProcess(t, before[2])
			s.await("an end", func() bool { return strings.Contains(s.ctl("status", "mortal"), "EXITED") })
			if out := s.ctl("stop", "quiet", "tree"); out != "quiet: stopped\ntree: stopped\n" {
				t.Errorf("stop: %s", out)
			}
			if left := s.processes(); len(left) > 0 {
				t.Errorf("processes left: %v", left)
			}
		})
	}
}
