package supervisord_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// TestTwoConfigurationsInOneDirectory: neither names a pidfile, so that both have
// the one in the directory they are started in. They run both, as with
// Supervisor; the first one alone has a record.
func TestTwoConfigurationsInOneDirectory(t *testing.T) {
	t.Parallel()
	first, second := newTestDaemon(t), newTestDaemon(t)
	dir := t.TempDir()
	start := func(s *testDaemon) {
		t.Helper()
		s.startUnder("env", "-C", dir)
	}
	for _, s := range []*testDaemon{first, second} {
		s.configure("[program:quiet]\ncommand=sleep 1000\n")
		text := s.read("supervisord.conf")
		s.write("supervisord.conf", strings.Replace(text, "pidfile="+s.path("supervisord.pid")+"\n", "", 1))
		start(s)
		s.awaitRunning("quiet")
	}
	const line = "belongs to a supervisord with another configuration: this one goes on without a record"
	if strings.Contains(first.read("supervisord.log"), line) || !strings.Contains(second.read("supervisord.log"), line) {
		t.Errorf("the second one says\n%s", second.read("supervisord.log"))
	}
	content := func() string {
		data, _ := os.ReadFile(dir + "/supervisord.pid")
		return strings.TrimSpace(string(data))
	}
	if got := content(); got != strconv.Itoa(second.daemonPid()) {
		t.Errorf("the pidfile has %s", got)
	}
	// Each with itself is still refused, with the right pid.
	for _, s := range []*testDaemon{first, second} {
		copied := s.write("copy.conf", strings.ReplaceAll(s.read("supervisord.conf"), "s.sock", "other.sock"))
		if err := os.Rename(s.path("supervisord.conf"), s.path("kept.conf")); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(copied, s.path("link.conf")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(copied, s.path("supervisord.conf")); err != nil {
			t.Fatal(err)
		}
		again := exec.Command("supervisord", "-s", "-c", s.path("supervisord.conf"))
		again.Dir = dir
		out, err := again.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "it has pid "+strconv.Itoa(s.daemonPid())+" and holds") {
			t.Errorf("it is not refused: %v, %s", err, out)
		}
		if err := os.Rename(s.path("kept.conf"), s.path("supervisord.conf")); err != nil {
			t.Fatal(err)
		}
	}
	// A crash of either costs the other nothing, and nothing runs twice.
	for _, s := range []*testDaemon{second, first} {
		pid := s.pid("quiet")
		s.crash()
		start(s)
		s.awaitRunning("quiet")
		if got := s.pid("quiet"); got != pid {
			t.Errorf("pid %d, had %d", got, pid)
		}
	}
	for _, s := range []*testDaemon{first, second} {
		s.ctl("shutdown")
		if err := s.daemon.Wait(); err != nil {
			t.Error(err)
		}
	}
	if got := content(); got != "" {
		t.Errorf("the pidfile stays behind with %s", got)
	}
}

// TestNestedSupervisord: a program is a supervisord with a file of its
// own and the same pidfile.
func TestNestedSupervisord(t *testing.T) {
	t.Parallel()
	outer, inner := newTestDaemon(t), newTestDaemon(t)
	inner.configure("[program:quiet]\ncommand=sleep 1000\n")
	inner.write("supervisord.conf", strings.Replace(inner.read("supervisord.conf"), inner.path("supervisord.pid"), outer.path("supervisord.pid"), 1))
	binary, err := exec.LookPath("supervisord")
	if err != nil {
		t.Fatal(err)
	}
	outer.configure("[program:inner]\ncommand=" + binary + " -c " + inner.path("supervisord.conf") + "\n")
	outer.start()
	outer.awaitRunning("inner")
	inner.awaitRunning("quiet")
	outer.ctl("stop", "inner")
	if got := strings.TrimSpace(outer.read("supervisord.pid")); got != strconv.Itoa(outer.daemonPid()) {
		t.Errorf("the pidfile has %s", got)
	}
}

// TestContainersShareDirectory: pids mean nothing to each other there.
func TestContainersShareDirectory(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("unshare", "--pid", "--fork", "--mount-proc", "true").CombinedOutput(); err != nil {
		t.Skipf("no namespaces here: %s", out)
	}
	outside, inside := newTestDaemon(t), newTestDaemon(t)
	for _, s := range []*testDaemon{outside, inside} {
		s.configure("[program:quiet]\ncommand=sleep 1000\n")
	}
	inside.write("supervisord.conf", strings.Replace(inside.read("supervisord.conf"), inside.path("supervisord.pid"), outside.path("supervisord.pid"), 1))
	outside.start()
	outside.awaitRunning("quiet")
	inside.startUnder("unshare", "--pid", "--fork", "--mount-proc")
	inside.awaitRunning("quiet")
	pid := outside.pid("quiet")
	outside.crash()
	outside.start()
	outside.awaitRunning("quiet")
	if got := outside.pid("quiet"); got != pid {
		t.Errorf("pid %d, had %d", got, pid)
	}
}
