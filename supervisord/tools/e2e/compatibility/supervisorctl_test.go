package compatibility

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// TestPythonSupervisorctl has Python's supervisorctl do everything there is to
// do to our daemon.
func TestPythonSupervisorctl(t *testing.T) {
	t.Parallel()
	const client = "/usr/bin/supervisorctl"
	e2e.Need(t, client)
	s := e2e.NewDaemon(t)
	s.Configure("[program:p]\ncommand=cat\nstartsecs=0\nstdout_logfile=" + s.Path("p.log") + "\n[program:extra]\ncommand=cat\nautostart=false\n")
	s.Start()
	s.AwaitRunning("p")
	s.Write("p.log", "one line\n")
	run := func(args ...string) string {
		out, _ := exec.Command(client, append([]string{"-c", s.Path("supervisord.conf")}, args...)...).CombinedOutput()
		return string(out)
	}
	for _, tt := range []struct{ args, want string }{
		{"status extra", "extra                            STOPPED   Not started\n"},
		{"avail", "extra                            in use    manual    999:999\np                                in use    auto      999:999\n"},
		{"start extra", "extra: started\n"},
		{"start extra", "extra: ERROR (already started)\n"},
		{"signal HUP nope", "nope: ERROR (no such process)\n"},
		{"restart extra", "extra: stopped\nextra: started\n"},
		{"stop extra", "extra: stopped\n"},
		{"tail p", "one line\n\n"},
		{"clear p", "p: cleared\n"},
		{"reread", "No config updates to processes\n"},
		{"update", ""},
		{"remove extra", "extra: removed process group\n"},
		{"add extra", "extra: added process group\n"},
		{"add extra", "ERROR: process group already active\n"},
		{"version", "4.4.0\n"},
		{"reload", "Restarted supervisord\n"},
	} {
		if got := run(strings.Fields(tt.args)...); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.args, got, tt.want)
		}
	}
	s.Await("the restart", func() bool { return s.CountLogged("supervisord started with pid") == 2 })
	s.AwaitRunning("p")
	if got := run("shutdown"); got != "Shut down\n" {
		t.Errorf("shutdown: %q", got)
	}
	s.Await("the end", func() bool { _, err := os.Stat(s.Path("supervisord.pid")); return os.IsNotExist(err) })
}
