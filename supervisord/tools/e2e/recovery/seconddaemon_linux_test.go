package recovery

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// sharedPidfile is two daemons that are started in one directory and have no pidfile in
// their configurations, so that both use the one in that directory.
type sharedPidfile struct {
	dir           string
	first, second *e2e.Daemon
}

func startSharedPidfile(t *testing.T) *sharedPidfile {
	t.Helper()
	s := &sharedPidfile{dir: t.TempDir(), first: e2e.NewDaemon(t), second: e2e.NewDaemon(t)}
	for _, d := range []*e2e.Daemon{s.first, s.second} {
		d.Configure("[program:quiet]\ncommand=sleep 1000\n")
		d.EditConfig("pidfile="+d.Path("supervisord.pid")+"\n", "")
		s.start(d)
		d.AwaitRunning("quiet")
	}
	return s
}

func (s *sharedPidfile) start(d *e2e.Daemon) {
	d.T.Helper()
	d.StartUnder("env", "-C", s.dir)
}

func (s *sharedPidfile) content() string {
	data, _ := os.ReadFile(filepath.Join(s.dir, "supervisord.pid"))
	return strings.TrimSpace(string(data))
}

// TestTwoConfigurationsInOneDirectory checks that both daemons run, as with Supervisor.
// Only the first one has a journal; neither ends nor doubles a program of the other.
func TestTwoConfigurationsInOneDirectory(t *testing.T) {
	t.Parallel()
	s := startSharedPidfile(t)
	const line = "belongs to a supervisord with another configuration: this one goes on without a record"
	if strings.Contains(s.first.Log(), line) || !strings.Contains(s.second.Log(), line) {
		t.Errorf("the log of the second daemon is\n%s", s.second.Log())
	}
	if got := s.content(); got != strconv.Itoa(s.second.PID()) {
		t.Errorf("the pidfile has %s", got)
	}
	for _, d := range []*e2e.Daemon{s.second, s.first} {
		pid := d.ProgramPID("quiet")
		d.Crash()
		s.start(d)
		d.AwaitRunning("quiet")
		d.ExpectPID("quiet", pid)
	}
	for _, d := range []*e2e.Daemon{s.first, s.second} {
		d.Ctl("shutdown")
		d.ExpectExit()
	}
	if got := s.content(); got != "" {
		t.Errorf("the pidfile is left, with %s", got)
	}
}

// TestSameConfigurationInOneDirectory checks that a daemon with the configuration of one
// that runs is refused, with the right pid, although another daemon wrote the pidfile
// and the configuration file has become a link to a copy.
func TestSameConfigurationInOneDirectory(t *testing.T) {
	t.Parallel()
	s := startSharedPidfile(t)
	for _, d := range []*e2e.Daemon{s.first, s.second} {
		copied := d.Write("copy.conf", strings.ReplaceAll(d.Read("supervisord.conf"), "s.sock", "other.sock"))
		rename(t, d.Path("supervisord.conf"), d.Path("kept.conf"))
		if err := os.Symlink(copied, d.Path("link.conf")); err != nil {
			t.Fatal(err)
		}
		rename(t, copied, d.Path("supervisord.conf"))
		again := exec.Command("supervisord", "-s", "-c", d.Path("supervisord.conf"))
		again.Dir = s.dir
		out, err := again.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "it has pid "+strconv.Itoa(d.PID())+" and holds") {
			t.Errorf("it is not refused: %v, %s", err, out)
		}
		rename(t, d.Path("kept.conf"), d.Path("supervisord.conf"))
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// TestNestedSupervisord runs a supervisord as a program of another one. They have the
// same pidfile and different configurations.
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

// TestContainersShareDirectory runs two daemons in different pid namespaces with one
// pidfile. The pids that one has recorded mean nothing to the other.
func TestContainersShareDirectory(t *testing.T) {
	t.Parallel()
	e2e.NeedNamespaces(t, "--pid", "--fork", "--mount-proc")
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
