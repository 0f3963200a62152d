package recovery

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/tools/testkit"
	"supervisor/supervisord/tools/testkit/e2e"
)

// withoutPtrace is what starts a daemon as root without CAP_SYS_PTRACE, as most
// containers have it.
func withoutPtrace(t *testing.T) []string {
	t.Helper()
	e2e.Need(t, "setpriv")
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root can give programs another user")
	}
	wrapper := []string{"setpriv", "--bounding-set", "-sys_ptrace"}
	if out, err := exec.Command(wrapper[0], append(wrapper[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: %v %s", err, out)
	}
	return wrapper
}

// TestAdoptionWithoutTracing: the output of programs of other users is read on.
func TestAdoptionWithoutTracing(t *testing.T) {
	t.Parallel()
	wrapper := withoutPtrace(t)
	s := e2e.NewDaemon(t)
	s.Configure(`[program:counter]
command=sh -c 'i=0; while :; do i=$((i+1)); echo $i; [ $((i%%100)) = 0 ] && sleep 0.02; done'
user=nobody
stdout_logfile=` + s.Path("counter.log") + `
[program:mortal]
command=sleep 1000
user=nobody
autorestart=false
`)
	s.StartUnder(wrapper...)
	s.AwaitRunning("counter", "mortal")
	pid, killed := s.ProgramPID("counter"), s.ProgramPID("mortal")
	for range 3 {
		s.Crash()
		s.StartUnder(wrapper...)
		s.AwaitRunning("counter", "mortal")
		s.AwaitGrowth("counter.log")
	}
	s.ExpectPID("counter", pid)
	s.Crash() // it is found without a record, too
	s.Write("supervisord.pid.state", "")
	s.StartUnder(wrapper...)
	s.AwaitRunning("counter", "mortal")
	s.ExpectPID("counter", pid)
	e2e.Kill(t, killed)
	s.AwaitStatus("mortal", "EXITED")
	s.Ctl("stop", "counter")
	s.CheckNumbered("counter.log")
	if log := s.Log(); strings.Contains(log, "WARN restarting") {
		t.Errorf("the log is\n%s", log)
	}
}

// TestUnreadableProgramIsRestarted: one that the kernel guards, because
// nobody may read its file, would block for ever at a full pipe.
func TestUnreadableProgramIsRestarted(t *testing.T) {
	t.Parallel()
	wrapper := withoutPtrace(t)
	s := e2e.NewDaemon(t)
	shell, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Path("shell"), shell, 0o711); err != nil {
		t.Fatal(err)
	}
	s.Configure(fmt.Sprintf(`[program:guarded]
command=%[1]s/shell -c "while :; do echo tick; sleep 0.02; done"
user=nobody
autostart=false
stdout_logfile=%[1]s/guarded.log
`, s.Dir))
	s.StartUnder(wrapper...)
	s.Await("the daemon", func() bool { return strings.Contains(s.Ctl("status"), "STOPPED") })
	s.ExpectCtl("start guarded", "guarded: started\n")
	s.AwaitRunning("guarded")
	old := s.ProgramPID("guarded")
	s.Crash()
	s.StartUnder(wrapper...)
	s.AwaitOtherPID("guarded", old)
	s.AwaitGrowth("guarded.log")
	want := fmt.Sprintf("WARN restarting 'guarded' (pid %d): it can't stay adopted, since its output can't be read any more (", old)
	if log := s.Log(); !strings.Contains(log, want) {
		t.Errorf("the log is\n%s", log)
	}
	if why := s.Ctl("why", "guarded"); !strings.Contains(why, "can't read its output") {
		t.Errorf("why: %s", why)
	}
	if e2e.Alive(old) {
		t.Error("the old one lives")
	}
}

// TestRestartWhenSocketIsLost: nobody can listen anew before all of
// them have ended.
func TestRestartWhenSocketIsLost(t *testing.T) {
	t.Parallel()
	t.Run("a filter of system calls", func(t *testing.T) {
		t.Parallel()
		checkSocketsLost(e2e.NewDaemon(t), "", testkit.SeccompCommand([]testkit.SeccompRule{{Call: unix.SYS_PIDFD_GETFD, Errno: unix.EPERM}})...)
	})
	t.Run("no tracing", func(t *testing.T) {
		t.Parallel()
		checkSocketsLost(e2e.NewDaemon(t), "user=nobody", withoutPtrace(t)...)
	})
}

// checkSocketsLost has programs with sockets outlive a daemon whose successor can't
// have these.
func checkSocketsLost(s *e2e.Daemon, options string, wrapper ...string) {
	t := s.T
	var ports [2]int
	for i := range ports {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ports[i] = l.Addr().(*net.TCPAddr).Port
		l.Close()
	}
	// The second one takes its time to end.
	s.Configure(fmt.Sprintf(`[socket:web]
listen=tcp://127.0.0.1:%[1]d
[program:web]
command=sh -c "trap 'sleep 0.%%(process_num)d; exit' TERM; while :; do sleep 0.05; done"
sockets=web
process_name=web_%%(process_num)d
numprocs=2
startretries=0
startsecs=0
%[3]s
[fcgi-program:page]
command=sh -c "trap 'sleep 0.%%(process_num)d; exit' TERM; while :; do sleep 0.05; done"
socket=tcp://127.0.0.1:%[2]d
process_name=page_%%(process_num)d
numprocs=2
startretries=0
startsecs=0
%[3]s
`, ports[0], ports[1], options))
	s.StartUnder(wrapper...)
	names := []string{"web:web_0", "web:web_1", "page:page_0", "page:page_1"}
	s.AwaitRunning(names...)
	before := s.ProgramPIDs(names...)
	s.Crash()
	s.StartUnder(wrapper...)
	for i, name := range names {
		s.AwaitOtherPID(name, before[i])
	}
	s.AwaitRunning(names...)
	log := s.Log()
	for i, name := range names {
		if want := fmt.Sprintf("WARN restarting '%s' (pid %d): it can't stay adopted, since the socket", name, before[i]); !strings.Contains(log, want) {
			t.Errorf("it does not say %s", want)
		}
	}
	for _, word := range []string{"does not listen", "address already in use", "spawnerr", "FATAL"} {
		if strings.Contains(log, word) {
			t.Errorf("it says %q", word)
		}
	}
}

// TestSetuidProgramIsRestarted: a daemon without rights can't read from one that has
// more, and does not take it for dead.
func TestSetuidProgramIsRestarted(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	wrapper := s.PrepareForUser(e2e.UnknownUID)
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	path := s.Write("guarded", string(data))
	if err := os.Chmod(path, 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	s.Configure("[program:guarded]\ncommand=" + path + " 1000\n")
	s.StartAs(wrapper...)
	s.AwaitRunning("guarded")
	old := s.ProgramPID("guarded")
	if info, err := os.Stat(fmt.Sprintf("/proc/%d/environ", old)); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Skipf("SKIPPED: setuid programs get no rights here (%v)", err)
	}
	s.Crash()
	s.StartAs(wrapper...)
	s.AwaitOtherPID("guarded", old)
	s.AwaitRunning("guarded")
	if e2e.Alive(old) {
		t.Error("the old one lives")
	}
	if log := s.Log(); !strings.Contains(log, fmt.Sprintf("WARN restarting 'guarded' (pid %d)", old)) {
		t.Errorf("the log is\n%s", log)
	}
}
