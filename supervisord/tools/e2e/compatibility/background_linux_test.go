package compatibility

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// startInBackground runs a shell script that starts a daemon in the background, and
// stops that daemon when the test ends. It returns what was printed on the terminal.
func startInBackground(d *e2e.Daemon, script string, wrapper ...string) string {
	d.T.Helper()
	d.Write("supervisord.conf", strings.Replace(d.Read("supervisord.conf"), "nodaemon=true\n", "", 1))
	argv := append(wrapper, "bash", "-c", script)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = d.Dir
	output, err := os.Create(d.Path("terminal"))
	if err != nil {
		d.T.Fatal(err)
	}
	defer output.Close()
	cmd.Stdout, cmd.Stderr = output, output // Run would wait for the daemon to close a pipe
	d.T.Cleanup(func() {
		pid := pidOf(d.Read("supervisord.pid"))
		if pid == 0 {
			return
		}
		_ = syscall.Kill(pid, syscall.SIGTERM)
		d.AwaitEnd(pid)
	})
	if err := cmd.Run(); err != nil {
		d.T.Fatalf("%s: %v: %s", script, err, d.Read("terminal"))
	}
	return d.Read("terminal")
}

func pidOf(text string) (pid int) {
	_, _ = fmt.Sscan(text, &pid)
	return pid
}

// backgroundPid is the pid of a daemon in the background, by its pidfile.
func backgroundPid(d *e2e.Daemon) int { return pidOf(d.Read("supervisord.pid")) }

// commName is the name of the daemon that the kernel has: /proc/PID/comm.
func commName(d *e2e.Daemon) string {
	d.T.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", backgroundPid(d)))
	if err != nil {
		d.T.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// TestConfigurationFromPipe reads the configuration from a file that can be read only
// once. A reload could not read it again, so it is refused; everything else works.
func TestConfigurationFromPipe(t *testing.T) {
	t.Parallel()
	e2e.Need(t, "bash")
	for name, script := range map[string]string{
		"stdin":        "cat supervisord.conf | supervisord -c /dev/stdin",
		"descriptor":   "supervisord -c <(cat supervisord.conf)",
		"descriptor 3": "supervisord -c /dev/fd/3 3< <(cat supervisord.conf)",
		"fifo":         "mkfifo fifo; cat supervisord.conf > fifo & supervisord -c fifo",
		"file":         "supervisord -c /dev/stdin < supervisord.conf",
		"include":      "mkfifo a.inc; cat part > a.inc & supervisord -c including.conf",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := e2e.NewDaemon(t)
			d.Configure("[program:p]\ncommand=sleep 1000\n")
			d.Write("part", "[program:q]\ncommand=sleep 1000\n")
			d.Write("including.conf", strings.Replace(d.Read("supervisord.conf"), "nodaemon=true\n", "", 1)+"[include]\nfiles=*.inc\n")
			startInBackground(d, script)
			d.AwaitRunning("p")
			if name == "include" {
				d.AwaitRunning("q")
			}
			pid := d.ProgramPID("p")
			for _, action := range []string{"reread", "update", "reload"} {
				if out := d.Ctl(action); !strings.Contains(out, "only once") {
					t.Errorf("%s: %s", action, out)
				}
			}
			if err := syscall.Kill(backgroundPid(d), syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			d.AwaitLog("only once")
			before := backgroundPid(d)
			if out := d.Ctl("upgrade"); strings.Contains(strings.ToLower(out), "error") {
				t.Errorf("upgrade: %s", out)
			}
			d.AwaitLog("after upgrade 1")
			d.AwaitRunning("p")
			if d.ProgramPID("p") != pid || backgroundPid(d) != before {
				t.Error("a pid has changed")
			}
		})
	}
}

// TestDaemonComm checks that in the background and after an upgrade the daemon keeps
// the name that it was started by, however the binary was found.
func TestDaemonComm(t *testing.T) {
	t.Parallel()
	e2e.Need(t, "bash")
	for name, script := range map[string]string{
		"supervisord": "supervisord -c supervisord.conf",
		"by-link":     `ln -s "$(command -v supervisord)" by-link; (exec -a supervisord ./by-link -c supervisord.conf)`,
		// The binary is removed before the daemon starts its background process: it
		// still waits for the configuration then.
		"replaced": `cp -L "$(command -v supervisord)" replaced; mkfifo fifo
(exec -a supervisord ./replaced -c fifo) &
while kill -0 $! && [ "$(cat /proc/$!/comm)" != replaced ]; do sleep 0.01; done; rm replaced; cat supervisord.conf > fifo; wait $!`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := e2e.NewDaemon(t)
			d.Configure("")
			output := startInBackground(d, script)
			if n := strings.Count(output, "Supervisord is running as root"); n > 0 {
				t.Errorf("with -c: %s", output)
			}
			if got := commName(d); got != name {
				t.Errorf("its name is %q", got)
			}
			threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/comm", backgroundPid(d)))
			for _, path := range threads {
				if text, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(text)) != name {
					t.Errorf("the name of a thread is %q", text)
				}
			}
			if name == "replaced" {
				return // there is no binary to upgrade to
			}
			d.Ctl("upgrade")
			d.AwaitLog("after upgrade 1")
			if got := commName(d); got != name {
				t.Errorf("after the upgrade its name is %q", got)
			}
		})
	}
}

// TestBackgroundWithoutProc starts a daemon where /proc is not mounted. Its warnings
// are printed once.
func TestBackgroundWithoutProc(t *testing.T) {
	t.Parallel()
	e2e.NeedNamespaces(t, "--mount")
	d := e2e.NewDaemon(t)
	d.Configure("[program:p]\ncommand=sleep 1000\n[program:masked]\ncommand=sleep 1000\numask=077\n")
	for _, run := range []string{"supervisord", `ln -s "$(command -v supervisord)" s; (exec -a supervisord ./s)`} {
		output := startInBackground(d, run, "unshare", "--mount", "sh", "-ec", `mount -t tmpfs none /proc; exec "$@"`, "sh")
		if n := strings.Count(output, "Supervisord is running as root"); n != 1 {
			t.Errorf("warned %d times: %s", n, output)
		}
		d.AwaitRunning("p", "masked")
		if got := commName(d); got != "supervisord" && got != "s" {
			t.Errorf("its name is %q", got)
		}
		pid := backgroundPid(d)
		d.Ctl("shutdown")
		d.AwaitEnd(pid)
	}
}
