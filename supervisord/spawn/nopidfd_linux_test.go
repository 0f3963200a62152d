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

// TestWithoutPidfds: children of an earlier daemon and relatives of children are
// signalled and seen to end all the same.
func TestWithoutPidfds(t *testing.T) {
	for what, denials := range testkit.WithoutPidfds() {
		t.Run(what, func(t *testing.T) {
			argv := testkit.SeccompCommand(denials, testkit.Binary(), "-test.count=1", "-test.v",
				"-test.run=^(TestAdoptedChildOutputAndExit|TestGroupOfAnAdoptedChildIsSignalled|TestForeignProcessIsNotAdopted"+
					"|TestHandOverOfAdoptedChild|TestWholeScopeIsKilled|TestScopeGroupIsItsMembers|TestForkingDescendantsAreKilled"+
					"|TestOrphansAreKilled)$")
			file, err := os.Create(filepath.Join(t.TempDir(), "output")) // no pipe, of which others would keep the end
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
