package supervisord_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// startInBackground has a shell start a daemon that goes into the background, and ends
// that daemon with the test. It returns what was said on the terminal.
func (s *testDaemon) startInBackground(script string, wrapper ...string) string {
	s.t.Helper()
	s.write("supervisord.conf", strings.Replace(s.read("supervisord.conf"), "nodaemon=true\n", "", 1))
	argv := append(wrapper, "bash", "-c", script)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = s.dir
	output, err := os.Create(s.path("terminal"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer output.Close()
	cmd.Stdout, cmd.Stderr = output, output // a pipe would be waited for
	s.t.Cleanup(func() {
		pid := pidOf(s.read("supervisord.pid"))
		if pid == 0 {
			return
		}
		_ = syscall.Kill(pid, syscall.SIGTERM)
		s.await("the daemon's end", func() bool { return !alive(pid) })
	})
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("%s: %v: %s", script, err, s.read("terminal"))
	}
	return s.read("terminal")
}

func pidOf(text string) (pid int) {
	_, _ = fmt.Sscan(text, &pid)
	return pid
}

// backgroundPid is the pid of a daemon that has gone into the background.
func (s *testDaemon) backgroundPid() int { return pidOf(s.read("supervisord.pid")) }

// commName is how the kernel names the daemon.
func (s *testDaemon) commName() string {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", s.backgroundPid()))
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// TestConfigurationFromPipe: what can be read only once is read once. A reload,
// which would find nothing there, is refused, and all else goes on.
func TestConfigurationFromPipe(t *testing.T) {
	t.Parallel()
	need(t, "bash")
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
			s := newTestDaemon(t)
			s.configure("[program:p]\ncommand=sleep 1000\n")
			s.write("part", "[program:q]\ncommand=sleep 1000\n")
			s.write("including.conf", strings.Replace(s.read("supervisord.conf"), "nodaemon=true\n", "", 1)+"[include]\nfiles=*.inc\n")
			s.startInBackground(script)
			s.awaitRunning("p")
			if name == "include" {
				s.awaitRunning("q")
			}
			pid := s.pid("p")
			for _, action := range []string{"reread", "update", "reload"} {
				if out := s.ctl(action); !strings.Contains(out, "only once") {
					t.Errorf("%s: %s", action, out)
				}
			}
			if err := syscall.Kill(s.backgroundPid(), syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			s.await("a refusal in the log", func() bool { return strings.Contains(s.read("supervisord.log"), "only once") })
			before := s.backgroundPid()
			if out := s.ctl("upgrade"); strings.Contains(strings.ToLower(out), "error") {
				t.Errorf("upgrade: %s", out)
			}
			s.await("the upgrade", func() bool { return strings.Contains(s.read("supervisord.log"), "after upgrade 1") })
			s.awaitRunning("p")
			if s.pid("p") != pid || s.backgroundPid() != before {
				t.Error("a pid has changed")
			}
		})
	}
}

// TestDaemonComm: in the background and after an upgrade the daemon has
// the name that it was started by, however the binary is found.
func TestDaemonComm(t *testing.T) {
	t.Parallel()
	need(t, "bash")
	for name, script := range map[string]string{
		"supervisord": "supervisord -c supervisord.conf",
		"by-link":     `ln -s "$(command -v supervisord)" by-link; (exec -a supervisord ./by-link -c supervisord.conf)`,
		// It is gone when the second process is started: the configuration comes
		// after that.
		"replaced": `cp -L "$(command -v supervisord)" replaced; mkfifo fifo
(exec -a supervisord ./replaced -c fifo) &
while kill -0 $! && [ "$(cat /proc/$!/comm)" != replaced ]; do sleep 0.01; done; rm replaced; cat supervisord.conf > fifo; wait $!`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTestDaemon(t)
			s.configure("")
			output := s.startInBackground(script)
			if n := strings.Count(output, "Supervisord is running as root"); n > 0 {
				t.Errorf("with -c: %s", output)
			}
			if got := s.commName(); got != name {
				t.Errorf("it is called %q", got)
			}
			threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/comm", s.backgroundPid()))
			for _, path := range threads {
				if text, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(text)) != name {
					t.Errorf("a thread is called %q", text)
				}
			}
			if name == "replaced" {
				return // there is nothing to upgrade to
			}
			s.ctl("upgrade")
			s.await("the upgrade", func() bool { return strings.Contains(s.read("supervisord.log"), "after upgrade 1") })
			if got := s.commName(); got != name {
				t.Errorf("after the upgrade it is called %q", got)
			}
		})
	}
}

// TestBackgroundWithoutProc: a daemon comes up where /proc is not mounted, and what
// it warns of is said once.
func TestBackgroundWithoutProc(t *testing.T) {
	t.Parallel()
	needNamespaces(t, "--mount")
	s := newTestDaemon(t)
	s.configure("[program:p]\ncommand=sleep 1000\n[program:masked]\ncommand=sleep 1000\numask=077\n")
	for _, run := range []string{"supervisord", `ln -s "$(command -v supervisord)" s; (exec -a supervisord ./s)`} {
		output := s.startInBackground(run, "unshare", "--mount", "sh", "-ec", `mount -t tmpfs none /proc; exec "$@"`, "sh")
		if n := strings.Count(output, "Supervisord is running as root"); n != 1 {
			t.Errorf("warned %d times: %s", n, output)
		}
		s.awaitRunning("p", "masked")
		if got := s.commName(); got != "supervisord" && got != "s" {
			t.Errorf("it is called %q", got)
		}
		pid := s.backgroundPid()
		s.ctl("shutdown")
		s.await("the daemon's end", func() bool { return !alive(pid) })
	}
}
