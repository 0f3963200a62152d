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

// withoutPtrace is a command that starts a daemon as root without CAP_SYS_PTRACE, as
// in most containers.
func withoutPtrace(t *testing.T) []string {
	t.Helper()
	e2e.Need(t, "setpriv")
	e2e.NeedRoot(t, "give programs another user")
	wrapper := []string{"setpriv", "--bounding-set", "-sys_ptrace"}
	if out, err := exec.Command(wrapper[0], append(wrapper[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: %v %s", err, out)
	}
	return wrapper
}

// TestAdoptionWithoutTracing checks that the output of programs of other users is still read.
func TestAdoptionWithoutTracing(t *testing.T) {
	t.Parallel()
	wrapper := withoutPtrace(t)
	d := e2e.NewDaemon(t)
	d.Configure(`[program:counter]
command=sh -c 'i=0; while :; do i=$((i+1)); echo $i; [ $((i%%100)) = 0 ] && sleep 0.02; done'
user=nobody
stdout_logfile=` + d.Path("counter.log") + `
[program:killed]
command=sleep 1000
user=nobody
autorestart=false
`)
	d.StartUnder(wrapper...)
	d.AwaitRunning("counter", "killed")
	pid, killed := d.ProgramPID("counter"), d.ProgramPID("killed")
	for range 3 {
		d.Crash()
		d.StartUnder(wrapper...)
		d.AwaitRunning("counter", "killed")
		d.AwaitGrowth("counter.log")
	}
	d.ExpectPID("counter", pid)
	d.Crash() // and once without a journal
	d.Write("supervisord.pid.state", "")
	d.StartUnder(wrapper...)
	d.AwaitRunning("counter", "killed")
	d.ExpectPID("counter", pid)
	e2e.Kill(t, killed)
	d.AwaitStatus("killed", "EXITED")
	d.Ctl("stop", "counter")
	d.CheckNumbered("counter.log")
	if log := d.Log(); strings.Contains(log, "WARN restarting") {
		t.Errorf("the log is\n%s", log)
	}
}

// TestUnreadableProgramIsRestarted runs a program whose file its user can't read. The
// kernel denies a new daemon access to its pipes, so it would block for ever when
// one is full.
func TestUnreadableProgramIsRestarted(t *testing.T) {
	t.Parallel()
	wrapper := withoutPtrace(t)
	d := e2e.NewDaemon(t)
	shell, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.Path("shell"), shell, 0o711); err != nil {
		t.Fatal(err)
	}
	d.Configure(fmt.Sprintf(`[program:guarded]
command=%[1]s/shell -c "while :; do echo tick; sleep 0.02; done"
user=nobody
autostart=false
stdout_logfile=%[1]s/guarded.log
`, d.Dir))
	d.StartUnder(wrapper...)
	d.Await("the daemon", func() bool { return strings.Contains(d.Ctl("status"), "STOPPED") })
	d.ExpectCtl("start guarded", "guarded: started\n")
	d.AwaitRunning("guarded")
	old := d.ProgramPID("guarded")
	d.Crash()
	d.StartUnder(wrapper...)
	d.AwaitOtherPID("guarded", old)
	d.AwaitGrowth("guarded.log")
	want := fmt.Sprintf("WARN restarting 'guarded' (pid %d): it can't stay adopted, since its output can't be read any more (", old)
	if log := d.Log(); !strings.Contains(log, want) {
		t.Errorf("the log is\n%s", log)
	}
	if why := d.Ctl("why", "guarded"); !strings.Contains(why, "can't read its output") {
		t.Errorf("why: %s", why)
	}
	if e2e.Alive(old) {
		t.Error("the old process is alive")
	}
}

// TestRestartWhenSocketIsLost runs programs whose listening socket a new daemon can't
// get from them. All of them have to end before it can be bound again.
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

// checkSocketsLost crashes a daemon with such programs. The wrapper starts the daemons
// without the right to copy descriptors from other processes.
func checkSocketsLost(d *e2e.Daemon, options string, wrapper ...string) {
	t := d.T
	var ports [2]int
	for i := range ports {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ports[i] = l.Addr().(*net.TCPAddr).Port
		l.Close()
	}
	// The second process takes longer to end than the first.
	d.Configure(fmt.Sprintf(`[socket:web]
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
	d.StartUnder(wrapper...)
	names := []string{"web:web_0", "web:web_1", "page:page_0", "page:page_1"}
	d.AwaitRunning(names...)
	before := d.ProgramPIDs(names...)
	d.Crash()
	d.StartUnder(wrapper...)
	for i, name := range names {
		d.AwaitOtherPID(name, before[i])
	}
	d.AwaitRunning(names...)
	log := d.Log()
	for i, name := range names {
		if want := fmt.Sprintf("WARN restarting '%s' (pid %d): it can't stay adopted, since the socket", name, before[i]); !strings.Contains(log, want) {
			t.Errorf("not logged: %s", want)
		}
	}
	for _, word := range []string{"does not listen", "address already in use", "spawnerr", "FATAL"} {
		if strings.Contains(log, word) {
			t.Errorf("logged: %q", word)
		}
	}
}

// TestSetuidProgramIsRestarted runs a daemon without privileges. It can't read the
// output of a setuid program, and doesn't take the program for dead either.
func TestSetuidProgramIsRestarted(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	wrapper := d.PrepareForUser(e2e.UnknownUID)
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	path := d.Write("guarded", string(data))
	if err := os.Chmod(path, 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	d.Configure("[program:guarded]\ncommand=" + path + " 1000\n")
	d.StartAs(wrapper...)
	d.AwaitRunning("guarded")
	old := d.ProgramPID("guarded")
	if info, err := os.Stat(fmt.Sprintf("/proc/%d/environ", old)); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Skipf("SKIPPED: setuid programs get no rights here (%v)", err)
	}
	d.Crash()
	d.StartAs(wrapper...)
	d.AwaitOtherPID("guarded", old)
	d.AwaitRunning("guarded")
	if e2e.Alive(old) {
		t.Error("the old process is alive")
	}
	if log := d.Log(); !strings.Contains(log, fmt.Sprintf("WARN restarting 'guarded' (pid %d)", old)) {
		t.Errorf("the log is\n%s", log)
	}
}
