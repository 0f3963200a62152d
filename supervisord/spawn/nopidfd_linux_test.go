package spawn_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/tools/testkit"
)

// Without pidfds, adopted children and descendants are still signalled and seen to exit.
func TestWithoutPidfds(t *testing.T) {
	for what, denials := range testkit.WithoutPidfds() {
		t.Run(what, func(t *testing.T) {
			argv := testkit.SeccompCommand(denials, testkit.Binary(), "-test.count=1", "-test.v",
				"-test.run=^(TestAdoptedChildOutputAndExit|TestGroupOfAnAdoptedChildIsSignalled|TestForeignProcessIsNotAdopted"+
					"|TestHandOverOfAdoptedChild|TestWholeScopeIsKilled|TestScopeGroupIsItsMembers|TestForkingDescendantsAreKilled"+
					"|TestOrphansAreKilled)$")
			file, err := os.Create(filepath.Join(t.TempDir(), "output")) // not a pipe: a descendant would keep it open
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Stdout, cmd.Stderr = file, file
			err = cmd.Run()
			out, _ := os.ReadFile(file.Name())
			if err != nil || strings.Count(string(out), "\n--- PASS") < 8 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// Kill kills an orphan and its process group, but no other process with its pid.
func TestOrphansAreKilled(t *testing.T) {
	t.Parallel()
	o := makeOrphan(t, "fork", "wait", "--", "say", "ready", "ignore", "10", "wait")
	other := o
	other.StartTime--
	if err := other.Kill(); err != nil || !o.IsAlive() {
		t.Errorf("another start time: %v; the orphan lives: %v", err, o.IsAlive())
	}
	if err := o.Kill(); err != nil {
		t.Error(err)
	}
	await(t, "the group is gone", func() bool { return groupHasExited(o.PID) })
	if err := o.Kill(); err != nil {
		t.Errorf("after its exit: %v", err)
	}
	if err := syscall.Kill(o.PID, 0); err == nil && o.IsAlive() {
		t.Error("it lives")
	}
}
