package compatibility

import (
	"os/exec"
	"strings"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// TestPythonSupervisorctl runs the actions of Python Supervisor's client on this daemon.
func TestPythonSupervisorctl(t *testing.T) {
	t.Parallel()
	const client = "/usr/bin/supervisorctl"
	e2e.Need(t, client)
	d := e2e.NewDaemon(t)
	d.Configure("[program:p]\ncommand=cat\nstartsecs=0\nstdout_logfile=" + d.Path("p.log") + "\n[program:extra]\ncommand=cat\nautostart=false\n")
	d.Start()
	d.AwaitRunning("p")
	d.Write("p.log", "one line\n")
	run := func(args ...string) string {
		out, _ := exec.Command(client, append([]string{"-c", d.Path("supervisord.conf")}, args...)...).CombinedOutput()
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
	d.Await("the daemon has started again", func() bool { return d.CountLogged("supervisord started with pid") == 2 })
	d.AwaitRunning("p")
	if got := run("shutdown"); got != "Shut down\n" {
		t.Errorf("shutdown: %q", got)
	}
	d.ExpectExit()
}
