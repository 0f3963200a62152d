package compatibility

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// TestStdoutListener runs the section in the documentation of supervisor-stdout, without
// that Python package.
func TestStdoutListener(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure(`[program:web]
command=sh -c "while [ ! -e %(here)s/go ]; do sleep 0.05; done; printf 'größe\\n'; echo problem >&2; exec sleep 1000"
stdout_events_enabled=true
stderr_events_enabled=true
[eventlistener:stdout]
command = supervisor_stdout
buffer_size = 100
events = PROCESS_LOG
result_handler = supervisor_stdout:event_handler
`)
	out, err := os.Create(d.Path("out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	daemon := exec.Command("supervisord", "-s", "-c", d.Path("supervisord.conf"))
	daemon.Stdout = out
	d.Launch(daemon)
	d.AwaitRunning("web", "stdout")
	d.Write("go", "")
	for _, want := range []string{"web stdout | größe\nweb stdout | \n", "web stderr | problem\nweb stderr | \n"} {
		d.Await(want, func() bool { return strings.Contains(d.Read("out"), want) })
	}
	if out := d.Ctl("restart", "stdout"); !strings.Contains(out, "stdout: started") {
		t.Error(out)
	}
}

// TestTwiddler changes a group by calls of the plugin supervisor_twiddler.
func TestTwiddler(t *testing.T) {
	d := e2e.NewDaemon(t)
	d.Configure(`[program:keeper]
command=/bin/sleep 600
[rpcinterface:twiddler]
supervisor.rpcinterface_factory=supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface
`)
	d.Start()
	d.AwaitAPI()
	client := d.Client()
	call := func(method string, params ...any) {
		t.Helper()
		var ok bool
		if err := client.Call(t.Context(), "twiddler."+method, &ok, params...); err != nil || !ok {
			t.Fatalf("%s: %v, %v", method, ok, err)
		}
	}
	d.AwaitRunning("keeper")
	keeper := d.ProgramPID("keeper")
	call("addProgramToGroup", "keeper", "extra", map[string]any{
		"command":        "/bin/sh -c 'echo %(group_name)s; exec sleep 600'",
		"numprocs":       2,
		"process_name":   "%(program_name)s_%(process_num)d",
		"environment":    `MARK="` + d.Dir + `"`,
		"startsecs":      "0",
		"stdout_logfile": d.Path("extra.log"),
	})
	d.AwaitRunning("keeper:extra_0", "keeper:extra_1")
	if got := d.Read("extra.log"); got != "keeper\nkeeper\n" {
		t.Errorf("the output is %q", got)
	}
	if got := d.Ctl("remove", "keeper"); !strings.Contains(got, "process/group still running") {
		t.Errorf("remove: %s", got)
	}
	d.Ctl("stop", "keeper:extra_0")
	call("removeProcessFromGroup", "keeper", "extra_0")
	if got := d.Ctl("status", "keeper:*"); strings.Contains(got, "extra_0") || !strings.Contains(got, "extra_1") {
		t.Errorf("status: %s", got)
	}
	call("log", "all done", "warn")
	d.AwaitLog("WARN all done")

	// The configuration files have no such programs, so an update removes them.
	if got, want := d.Ctl("update"), "keeper: stopped\nkeeper: updated process group\n"; got != want {
		t.Errorf("update: %q, want %q", got, want)
	}
	d.AwaitRunning("keeper")
	if pid := d.ProgramPID("keeper"); pid == keeper {
		t.Error("the group was not replaced")
	}
	if got := d.Ctl("status"); strings.Count(got, "\n") != 1 {
		t.Errorf("status: %s", got)
	}
}
