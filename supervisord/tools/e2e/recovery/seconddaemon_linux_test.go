package recovery

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// TestTwoConfigurationsInOneDirectory: neither names a pidfile, so that both have
// the one in the directory they are started in. They run both, as with
// Supervisor; the first one alone has a record.
func TestTwoConfigurationsInOneDirectory(t *testing.T) {
	t.Parallel()
	first, second := e2e.NewDaemon(t), e2e.NewDaemon(t)
	dir := t.TempDir()
	start := func(d *e2e.Daemon) {
		t.Helper()
		d.StartUnder("env", "-C", dir)
	}
	for _, d := range []*e2e.Daemon{first, second} {
		d.Configure("[program:quiet]\ncommand=sleep 1000\n")
		text := d.Read("supervisord.conf")
		d.Write("supervisord.conf", strings.Replace(text, "pidfile="+d.Path("supervisord.pid")+"\n", "", 1))
		start(d)
		d.AwaitRunning("quiet")
	}
	const line = "belongs to a supervisord with another configuration: this one goes on without a record"
	if strings.Contains(first.Log(), line) || !strings.Contains(second.Log(), line) {
		t.Errorf("the second one says\n%s", second.Log())
	}
	content := func() string {
		data, _ := os.ReadFile(dir + "/supervisord.pid")
		return strings.TrimSpace(string(data))
	}
	if got := content(); got != strconv.Itoa(second.PID()) {
		t.Errorf("the pidfile has %s", got)
	}
	// Each with itself is still refused, with the right pid.
	for _, d := range []*e2e.Daemon{first, second} {
		copied := d.Write("copy.conf", strings.ReplaceAll(d.Read("supervisord.conf"), "s.sock", "other.sock"))
		if err := os.Rename(d.Path("supervisord.conf"), d.Path("kept.conf")); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(copied, d.Path("link.conf")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(copied, d.Path("supervisord.conf")); err != nil {
			t.Fatal(err)
		}
		again := exec.Command("supervisord", "-s", "-c", d.Path("supervisord.conf"))
		again.Dir = dir
		out, err := again.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "it has pid "+strconv.Itoa(d.PID())+" and holds") {
			t.Errorf("it is not refused: %v, %s", err, out)
		}
		if err := os.Rename(d.Path("kept.conf"), d.Path("supervisord.conf")); err != nil {
			t.Fatal(err)
		}
	}
	// A crash of either costs the other nothing, and nothing runs twice.
	for _, d := range []*e2e.Daemon{second, first} {
		pid := d.ProgramPID("quiet")
		d.Crash()
		start(d)
		d.AwaitRunning("quiet")
		d.ExpectPID("quiet", pid)
	}
	for _, d := range []*e2e.Daemon{first, second} {
		d.Ctl("shutdown")
		d.ExpectExit()
	}
	if got := content(); got != "" {
		t.Errorf("the pidfile stays behind with %s", got)
	}
}

// TestNestedSupervisord: a program is a supervisord with a file of its
// own and the same pidfile.
func TestNestedSupervisord(t *testing.T) {
	t.Parallel()
	outer, inner := e2e.NewDaemon(t), e2e.NewDaemon(t)
	inner.Configure("[program:quiet]\ncommand=sleep 1000\n")
	inner.EditConfig(inner.Path("supervisord.pid"), outer.Path("supervisord.pid"))
	binary, err := exec.LookPath("supervisord")
	if err != nil {
		t.Fatal(err)
	}
	outer.Configure("[program:inner]\ncommand=" + binary + " -c " + inner.Path("supervisord.conf") + "\n")
	outer.Start()
	outer.AwaitRunning("inner")
	inner.AwaitRunning("quiet")
	outer.Ctl("stop", "inner")
	if got := strings.TrimSpace(outer.Read("supervisord.pid")); got != strconv.Itoa(outer.PID()) {
		t.Errorf("the pidfile has %s", got)
	}
}

// TestContainersShareDirectory: pids mean nothing to each other there.
func TestContainersShareDirectory(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("unshare", "--pid", "--fork", "--mount-proc", "true").CombinedOutput(); err != nil {
		t.Skipf("no namespaces here: %s", out)
	}
	outside, inside := e2e.NewDaemon(t), e2e.NewDaemon(t)
	for _, d := range []*e2e.Daemon{outside, inside} {
		d.Configure("[program:quiet]\ncommand=sleep 1000\n")
	}
	inside.EditConfig(inside.Path("supervisord.pid"), outside.Path("supervisord.pid"))
	outside.Start()
	outside.AwaitRunning("quiet")
	inside.StartUnder("unshare", "--pid", "--fork", "--mount-proc")
	inside.AwaitRunning("quiet")
	pid := outside.ProgramPID("quiet")
	outside.Crash()
	outside.Start()
	outside.AwaitRunning("quiet")
	outside.ExpectPID("quiet", pid)
}
