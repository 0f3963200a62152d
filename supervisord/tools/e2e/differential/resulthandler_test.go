package differential

import (
	"os"
	"os/exec"
	"strings"
	"testing"

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
