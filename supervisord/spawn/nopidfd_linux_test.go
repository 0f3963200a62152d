package spawn_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/tools/testkit"
)

// withoutPidfds are the ways in which kernels, and filters of system calls, refuse
// pidfds or a part of what they are for.
var withoutPidfds = map[string][]testkit.SeccompRule{
	"a kernel before pidfds": {
		{Call: unix.SYS_PIDFD_OPEN, Errno: unix.ENOSYS}, {Call: unix.SYS_PIDFD_SEND_SIGNAL, Errno: unix.ENOSYS}, {Call: unix.SYS_PIDFD_GETFD, Errno: unix.ENOSYS},
	},
	"a filter that forbids them":  {{Call: unix.SYS_PIDFD_OPEN, Errno: unix.EPERM}},
	"a filter that finds no word": {{Call: unix.SYS_PIDFD_OPEN, Errno: unix.EINVAL}},
	"a filter of signals":         {{Call: unix.SYS_PIDFD_SEND_SIGNAL, Errno: unix.EPERM}},
	"a kernel before the flag":    {{Call: unix.SYS_PIDFD_OPEN, Errno: unix.EINVAL, Flag: unix.PIDFD_NONBLOCK}},
	"no descriptors for them":     {{Call: unix.SYS_PIDFD_OPEN, Errno: unix.EMFILE}},
}

// TestWithoutPidfds: children of an earlier daemon and relatives of children are
// signalled and seen to end all the same.
func TestWithoutPidfds(t *testing.T) {
	for what, denials := range withoutPidfds {
		t.Run(what, func(t *testing.T) {
			argv := testkit.SeccompCommand(denials, testkit.Binary(), "-test.count=1", "-test.v",
				"-test.run=^(TestAdoptedChildOutputAndExit|TestGroupOfAnAdoptedChildIsSignalled|TestForeignProcessIsNotAdopted"+
					"|TestHandOverOfAdoptedChild|TestWholeScopeIsKilled|TestScopeGroupIsItsMembers|TestForkingDescendantsAreKilled"+
					"|TestARecycledPidIsNotSignalled|TestOrphansAreKilled)$")
			file, err := os.Create(filepath.Join(t.TempDir(), "output")) // no pipe, of which others would keep the end
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Stdout, cmd.Stderr = file, file
			err = cmd.Run()
			out, _ := os.ReadFile(file.Name())
			if err != nil || strings.Count(string(out), "\n--- PASS") < 9 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestOrphansAreKilled: with their process group, and nobody who has got the pid
// since.
func TestOrphansAreKilled(t *testing.T) {
	t.Parallel()
	o := makeOrphan(t, "heir", "wait", "--", "say", "ready", "ignore", "10", "wait")
	other := o
	other.StartTime--
	if err := other.Kill(); err != nil || !o.IsAlive() {
		t.Errorf("another one: %v; it lives: %v", err, o.IsAlive())
	}
	if err := o.Kill(); err != nil {
		t.Error(err)
	}
	await(t, "the group is gone", func() bool { return groupHasExited(o.PID) })
	if err := o.Kill(); err != nil {
		t.Errorf("a dead one: %v", err)
	}
	if err := syscall.Kill(o.PID, 0); err == nil && o.IsAlive() {
		t.Error("it lives")
	}
}
