package supervisord_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// nobodyUID is a user that no file knows.
const nobodyUID = 54321

// prepareForUser gives the site to a user without rights, and returns a command that
// runs others as that user. Both programs are copied to where the user can
// execute them; they are found first from then on.
func (s *testDaemon) prepareForUser(uid int) []string {
	s.t.Helper()
	need(s.t, "setpriv")
	if os.Geteuid() != 0 {
		s.t.Skip("SKIPPED: only root can become another user")
	}
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.path("supervisord"), data, 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chown(s.dir, uid, uid); err != nil {
		s.t.Fatal(err)
	}
	id := fmt.Sprint(uid)
	return []string{"setpriv", "--reuid", id, "--regid", id, "--clear-groups"}
}

// startAs starts the copy that forUser has made.
func (s *testDaemon) startAs(wrapper ...string) {
	s.t.Helper()
	argv := append(wrapper, s.path("supervisord"), "-s", "-c", s.path("supervisord.conf"))
	s.launch(exec.Command(argv[0], argv[1:]...))
}

func (s *testDaemon) addSupervisordOptions(options string) {
	s.t.Helper()
	s.write("supervisord.conf", strings.Replace(s.read("supervisord.conf"), "[supervisord]", "[supervisord]\n"+options, 1))
}

// useAtProcessLimit has the daemon do everything that could take another thread while
// others have taken all processes there are. Take makes a process one of them.
func (s *testDaemon) useAtProcessLimit(attr *syscall.SysProcAttr, take func(pid int)) {
	s.t.Helper()
	s.awaitRunning("noisy")
	var others []*exec.Cmd
	end := func() {
		for _, cmd := range others {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		others = nil
	}
	defer end()
	for range 60 {
		cmd := exec.Command("sleep", "600")
		cmd.SysProcAttr = attr
		if err := cmd.Start(); err != nil {
			s.t.Fatal(err)
		}
		others = append(others, cmd)
		take(cmd.Process.Pid)
	}
	for range 3 {
		var clients sync.WaitGroup
		for range 30 {
			clients.Go(func() { s.unixBrowser().request("GET", "/") })
		}
		if out := s.ctl("start", "p:*"); strings.Count(out, "spawn error") != 10 {
			s.t.Fatalf("start: %s", out)
		}
		clients.Wait()
		s.ctl("tail", "noisy")
		s.ctl("clear", "all")
	}
	if log := s.read("supervisord.log"); !strings.Contains(log, "spawnerr: Too many processes in process table to spawn 'p") {
		s.t.Error("the reason is missing in the log")
	}
	if n := countThreads(s.t, s.daemonPid()); n > maxThreads {
		s.t.Errorf("%d threads", n)
	}
	end()
	if out := s.ctl("start", "p:*"); strings.Count(out, ": started") != 10 {
		s.t.Errorf("start with processes to spare: %s", out)
	}
	s.awaitRunning("noisy")
}

func (s *testDaemon) configureMany() {
	s.configure(fmt.Sprintf(`[program:noisy]
command=sh -c 'while :; do echo noise; done'
stdout_logfile=%s/noisy.log
stdout_logfile_maxbytes=100KB
[program:p]
command=sleep 600
process_name=p%%(process_num)d
numprocs=10
autostart=false
startsecs=0
startretries=0
`, s.dir))
	s.addSupervisordOptions("minprocs=1")
}

// TestNoProcessesLeft: a thread that the runtime can't have would end the
// daemon, so it has them from the beginning.
func TestNoProcessesLeft(t *testing.T) {
	need(t, "prlimit")
	s := newTestDaemon(t)
	s.configureMany()
	s.startAs(append(s.prepareForUser(nobodyUID), "prlimit", "--nproc=50:50")...)
	s.useAtProcessLimit(&syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobodyUID, Gid: nobodyUID}}, func(int) {})
}

// TestNoProcessesLeftInContainer: pids.max holds for root too.
func TestNoProcessesLeftInContainer(t *testing.T) {
	var group string
	for _, dir := range []string{"/sys/fs/cgroup/pids", "/sys/fs/cgroup"} {
		g := filepath.Join(dir, fmt.Sprintf("supervisord-test-%d", os.Getpid()))
		if os.Mkdir(g, 0o755) != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(g) })
		if os.WriteFile(filepath.Join(g, "pids.max"), []byte("50"), 0) == nil {
			group = g
			break
		}
	}
	if group == "" {
		t.Skip("SKIPPED: no cgroup with pids.max can be made here")
	}
	s := newTestDaemon(t)
	s.configureMany()
	s.startUnder("sh", "-c", `echo $$ > "$0/cgroup.procs" && exec "$@"`, group)
	s.useAtProcessLimit(nil, func(pid int) {
		if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), fmt.Append(nil, pid), 0); err != nil {
			t.Error(err)
		}
	})
	_ = syscall.Kill(s.daemonPid(), syscall.SIGTERM)
	if err := s.daemon.Wait(); err != nil {
		t.Error(err)
	}
}
