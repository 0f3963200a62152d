package compatibility

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"supervisor/supervisord"
	"supervisor/supervisord/tools/testkit/e2e"
)

// TestStdoutListener runs the section that the documentation of supervisor-stdout
// gives, without its Python package.
func TestStdoutListener(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	s.Configure(`[program:web]
command=sh -c "while [ ! -e %(here)s/go ]; do sleep 0.05; done; printf 'größe\\n'; echo problem >&2; exec sleep 1000"
stdout_events_enabled=true
stderr_events_enabled=true
[eventlistener:stdout]
command = supervisor_stdout
buffer_size = 100
events = PROCESS_LOG
result_handler = supervisor_stdout:event_handler
`)
	out, err := os.Create(s.Path("out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	daemon := exec.Command("supervisord", "-s", "-c", s.Path("supervisord.conf"))
	daemon.Stdout = out
	s.Launch(daemon)
	s.AwaitRunning("web", "stdout")
	s.Write("go", "")
	for _, want := range []string{"web stdout | größe\nweb stdout | \n", "web stderr | problem\nweb stderr | \n"} {
		s.Await(want, func() bool { return strings.Contains(s.Read("out"), want) })
	}
	if out := s.Ctl("restart", "stdout"); !strings.Contains(out, "stdout: started") {
		t.Error(out)
	}
}

// TestTwiddler changes a group by the methods of supervisor_twiddler.
func TestTwiddler(t *testing.T) {
	s := e2e.NewDaemon(t)
	s.Configure(`[program:keeper]
command=/bin/sleep 600
[rpcinterface:twiddler]
supervisor.rpcinterface_factory=supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface
`)
	s.Start()
	s.Await("the daemon", func() bool { return s.Ctl("version") == supervisord.Version+"\n" })
	client := s.Client()
	call := func(method string, params ...any) {
		t.Helper()
		var ok bool
		if err := client.Call(t.Context(), "twiddler."+method, &ok, params...); err != nil || !ok {
			t.Fatalf("%s: %v, %v", method, ok, err)
		}
	}
	s.AwaitRunning("keeper")
	journalWriter := s.ProgramPID("keeper")
	call("addProgramToGroup", "keeper", "extra", map[string]any{
		"command":        "/bin/sh -c 'echo %(group_name)s; exec sleep 600'",
		"numprocs":       2,
		"process_name":   "%(program_name)s_%(process_num)d",
		"environment":    `MARK="` + s.Dir + `"`,
		"startsecs":      "0",
		"stdout_logfile": s.Path("extra.log"),
	})
	s.AwaitRunning("keeper:extra_0", "keeper:extra_1")
	if got := s.Read("extra.log"); got != "keeper\nkeeper\n" {
		t.Errorf("they said %q", got)
	}
	if got := s.Ctl("remove", "keeper"); !strings.Contains(got, "process/group still running") {
		t.Errorf("remove: %s", got)
	}
	s.Ctl("stop", "keeper:extra_0")
	call("removeProcessFromGroup", "keeper", "extra_0")
	if got := s.Ctl("status", "keeper:*"); strings.Contains(got, "extra_0") || !strings.Contains(got, "extra_1") {
		t.Errorf("status: %s", got)
	}
	call("log", "all done", "warn")
	s.AwaitLog("WARN all done")

	// The files know nothing of it: the next update brings the group back.
	if got, want := s.Ctl("update"), "keeper: stopped\nkeeper: updated process group\n"; got != want {
		t.Errorf("update: %q, want %q", got, want)
	}
	s.AwaitRunning("keeper")
	if pid := s.ProgramPID("keeper"); pid == journalWriter {
		t.Error("the group has not been replaced")
	}
	if got := s.Ctl("status"); strings.Count(got, "\n") != 1 {
		t.Errorf("status: %s", got)
	}
}
