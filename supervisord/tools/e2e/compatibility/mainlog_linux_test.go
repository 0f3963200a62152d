package compatibility

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// TestUnwritableMainLog checks that a failure to write the main log is reported once:
// in the copy of the log on stdout, or on stderr if there is no copy.
func TestUnwritableMainLog(t *testing.T) {
	t.Parallel()
	for flag, where := range map[string]string{"-n": "stdout", "-ns": "stderr"} {
		d := e2e.NewDaemon(t)
		d.Configure("[program:p]\ncommand=sleep 1000\n")
		d.EditConfig(d.Path("supervisord.log"), "/dev/full")
		cmd := exec.Command("supervisord", flag, "-c", d.Path("supervisord.conf"))
		for _, name := range []string{"stdout", "stderr"} {
			to, err := os.Create(d.Path(name))
			if err != nil {
				t.Fatal(err)
			}
			defer to.Close()
			if name == "stdout" {
				cmd.Stdout = to
			} else {
				cmd.Stderr = to
			}
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		d.AwaitStatus("p", "RUNNING")
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		for _, name := range []string{"stdout", "stderr"} {
			want := 0
			if name == where {
				want = 1
			}
			if got := strings.Count(d.Read(name), "cannot write log /dev/full: write /dev/full: no space left on device"); got != want {
				t.Errorf("%s: reported %d times on %s, want %d:\n%s", flag, got, name, want, d.Read(name))
			}
		}
	}
}
