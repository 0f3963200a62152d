package recovery

import (
	"fmt"
	"hash/crc32"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/system/procfs"
	"supervisor/supervisord/tools/testkit/e2e"
)

// countingCommand is a program that writes numbered lines as fast as it can.
const countingCommand = `/bin/sh -c 'i=0; while :; do i=$((i+1)); echo $i; done'`

// survivors are the processes of startMixedPrograms that outlive a crash.
var survivors = []string{"counter", "quiet", "stubborn", "page:page_0", "page:page_1"}

// startMixedPrograms starts programs of many kinds and waits until one is STOPPED, one
// FATAL, one EXITED, one STOPPING, and the others are RUNNING.
func startMixedPrograms(d *e2e.Daemon) {
	d.T.Helper()
	d.Configure(`[program:counter]
command=sh -c 'i=0; while :; do i=$((i+1)); echo $i; [ $((i%%100)) = 0 ] && sleep 0.02; done'
stdout_logfile=` + d.Path("counter.log") + `
stdout_logfile_maxbytes=10KB
stdout_logfile_backups=1000
[program:quiet]
command=sleep 1000
redirect_stderr=true
[program:job]
command=sh -c "echo once >>` + d.Path("job") + `"
startsecs=0
autorestart=false
[program:stopped]
command=sleep 1000
[program:failing]
command=false
startretries=0
[program:killed]
command=sleep 1000
[program:stubborn]
command=` + d.IgnoreTERMCommand("stubborn") + `
stopwaitsecs=10000
[fcgi-program:page]
command=sleep 1000
socket=unix://` + d.Path("page.sock") + `
process_name=%(program_name)s_%(process_num)d
numprocs=2
`)
	d.Start()
	d.AwaitRunning(append(survivors, "killed", "stopped")...)
	d.AwaitIgnoresTERM("stubborn")
	d.Ctl("stop", "stopped")
	d.StartCtl("stop", "stubborn") // until the daemon ends
	for name, state := range map[string]string{"stubborn": "STOPPING", "failing": "FATAL", "job": "EXITED"} {
		d.AwaitStatus(name, state)
	}
}

// TestAdoptionAfterCrash checks that processes go on across a crash of the daemon, that
// one that was killed meanwhile is started again, and that nothing else is.
func TestAdoptionAfterCrash(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	startMixedPrograms(d)
	before, killed := d.ProgramPIDs(survivors...), d.ProgramPID("killed")
	spawned := d.CountLogged("spawned")

	d.Crash()
	e2e.Kill(t, killed)
	d.Start()
	d.AwaitRunning("counter", "quiet", "page:page_0", "page:page_1", "killed")
	d.ExpectPIDs(survivors, before)
	for name, state := range map[string]string{"stopped": "STOPPED", "failing": "FATAL", "job": "EXITED", "stubborn": "STOPPING"} {
		if status := d.Status(name); !strings.HasPrefix(status, name+" "+state) {
			t.Errorf("want %s: %s", state, status)
		}
	}
	if pid := d.ProgramPID("killed"); pid == killed {
		t.Errorf("the killed process still has pid %d", pid)
	}
	if got := d.CountLogged("spawned") - spawned; got != 1 {
		t.Errorf("%d processes were spawned", got)
	}
	if got := d.Read("job"); got != "once\n" {
		t.Errorf("the job ran again: %q", got)
	}
}

// TestAdoptedProgramsAreControlled checks that adopted processes are restarted,
// signalled and stopped like others, and that the output of one has no gap.
func TestAdoptedProgramsAreControlled(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	startMixedPrograms(d)
	quiet := d.ProgramPID("quiet")
	d.Crash()
	d.Start()
	d.AwaitRunning("counter", "quiet", "page:page_0", "page:page_1", "killed")

	log := e2e.FileSize(d.Path("counter.log"))
	d.Await("more output", func() bool { return e2e.FileSize(d.Path("counter.log")) != log })
	e2e.Kill(t, quiet)
	d.AwaitOtherPID("quiet", quiet)
	if out := d.Ctl("signal", "KILL", "stubborn"); !strings.Contains(out, "signalled") {
		t.Errorf("signal: %s", out)
	}
	d.AwaitStatus("stubborn", "STOPPED")
	d.ExpectCtl("stop counter", "counter: stopped\n")
	d.CheckNumbered("counter.log")
	d.ExpectCtl("start counter", "counter: started\n")
	d.Ctl("shutdown")
	d.ExpectExit()
	d.AwaitNoProcesses()
	for _, name := range []string{"supervisord.pid", "supervisord.pid.state", "supervisord.pid.output"} {
		if d.Exists(name) {
			t.Errorf("%s is left", name)
		}
	}
}

// TestCrashInShutdown checks that programs which a shutdown had stopped before the
// daemon was killed run again: the shutdown is over, and no user stopped them.
// Stops are reported in the order quick, ignores, early.
func TestCrashInShutdown(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure(`[program:quick]
command=sleep 1000
[program:ignores]
command=` + d.IgnoreTERMCommand("ignores") + `
stopwaitsecs=10000
[program:early]
command=sleep 1000
autorestart=false
`)
	d.Start()
	d.AwaitRunning("quick", "ignores", "early")
	d.AwaitIgnoresTERM("ignores")
	quick, ignores, early := d.ProgramPID("quick"), d.ProgramPID("ignores"), d.ProgramPID("early")
	d.Ctl("shutdown")
	d.AwaitLog("stopped: quick")
	d.Await("an exit that is not yet in the journal", func() bool { return procfs.StartTime(early) == 0 })
	d.Await("the shutdown in the journal", func() bool {
		return regexp.MustCompile(`"Leaving":true.*"Name":"early".*"State":40`).MatchString(d.Read("supervisord.pid.state"))
	})
	d.Crash()
	d.Start()
	d.AwaitRunning("quick", "early")
	if got := d.ProgramPID("quick"); got == quick {
		t.Errorf("quick still has pid %d", got)
	}
	d.ExpectPID("ignores", ignores)
	e2e.Kill(t, ignores)
	d.AwaitRunning("ignores")
	d.Crash() // a shutdown would wait for stopwaitsecs
}

// TestOutputInTransit kills the daemon at random moments. Output that it had read
// and not yet written is neither lost nor written twice.
func TestOutputInTransit(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure(`[program:counter]
command=` + countingCommand + `
stdout_logfile=` + d.Path("counter.log") + `
stdout_logfile_maxbytes=300KB
stdout_logfile_backups=1000
`)
	d.Start()
	d.AwaitRunning("counter")
	pid := d.ProgramPID("counter")
	for range 15 {
		log := e2e.FileSize(d.Path("counter.log"))
		d.Await("output", func() bool { return e2e.FileSize(d.Path("counter.log")) != log })
		d.Crash()
		d.Start()
		d.Await("the daemon", func() bool { return d.ProgramPID("counter") != 0 })
	}
	d.ExpectPID("counter", pid)
	d.Ctl("stop", "counter")
	t.Logf("%d lines", d.CheckNumbered("counter.log"))
}

func TestSecondDaemonIsRefused(t *testing.T) {
	t.Parallel()
	d := e2e.StartDaemon(t, "[program:quiet]\ncommand=sleep 1000\n", "quiet")
	pid := d.ProgramPID("quiet")
	other := d.Write("other.conf", strings.ReplaceAll(d.Read("supervisord.conf"), "s.sock", "other.sock"))
	expectRefused := func(when string) {
		t.Helper()
		out, err := exec.Command("supervisord", "-s", "-c", other).CombinedOutput()
		want := "Another supervisord is running with this configuration: it has pid " + strconv.Itoa(d.PID())
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, %s", when, err, out)
		}
	}
	expectRefused("with a pidfile")
	d.Remove("supervisord.pid") // start scripts are known to do that
	expectRefused("without a pidfile")
	d.ExpectPID("quiet", pid)
}

// TestBadStateFile damages the journal of a killed daemon: processes are found without it.
func TestBadStateFile(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(state string) string{
		"truncated": func(state string) string { return state[:10] },
		"changed":   func(state string) string { return strings.Replace(state, "quiet", "quite", 1) },
		"foreign":   func(string) string { return "[program:x]\n" },
		"newer": func(state string) string {
			return strings.Replace(state, `"SupervisorState":1`, `"SupervisorState":99`, 1)
		},
		"empty": func(string) string { return "" },
		// Children that the journal does not have are found, too.
		"without children": func(state string) string { return state[:strings.IndexByte(state, '\n')+1] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := e2e.StartDaemon(t, "[program:quiet]\ncommand=sleep 1000\n", "quiet")
			pid := d.ProgramPID("quiet")
			d.Crash()
			state := damage(d.Read("supervisord.pid.state"))
			d.Write("supervisord.pid.state", state)
			d.Start()
			d.AwaitRunning("quiet")
			d.ExpectPID("quiet", pid)
			log := d.Log()
			isBad := name != "without children"
			if strings.Contains(log, "WARN state file "+d.Path("supervisord.pid.state")) != isBad {
				t.Errorf("the log is\n%s", log)
			}
			if kept := d.Read("supervisord.pid.state.bad"); isBad && kept != state {
				t.Errorf("the copy is %q", kept)
			}
		})
	}
}

func TestOrphanPolicy(t *testing.T) {
	t.Parallel()
	for policy, check := range map[string]func(d *e2e.Daemon, old int){
		"kill": func(d *e2e.Daemon, old int) {
			d.AwaitOtherPID("quiet", old)
			d.Await("the old process ends", func() bool { return syscall.Kill(old, 0) != nil })
		},
		"leave": func(d *e2e.Daemon, old int) {
			d.AwaitOtherPID("quiet", old)
			if syscall.Kill(old, 0) != nil {
				d.T.Error("the old process has ended")
			}
		},
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			d := e2e.NewDaemon(t)
			d.Configure("[program:quiet]\ncommand=sleep 1000\n")
			d.AddOptions("orphan_policy=" + policy)
			d.Start()
			d.AwaitRunning("quiet")
			old := d.ProgramPID("quiet")
			d.Crash()
			d.Start()
			check(d, old)
		})
	}
}

// TestRecycledPid checks that a process with the pid of a recorded child, but with
// another start time, is neither adopted nor signalled.
func TestRecycledPid(t *testing.T) {
	t.Parallel()
	d := e2e.StartDaemon(t, "[program:quiet]\ncommand=sleep 1000\n", "quiet")
	old := d.ProgramPID("quiet")
	d.Crash()
	e2e.Kill(t, old)
	d.Await("the process ends", func() bool { return procfs.StartTime(old) == 0 })
	otherProcess := exec.Command("sleep", "1000")
	if err := otherProcess.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = otherProcess.Process.Kill(); _ = otherProcess.Wait() }()
	var forged strings.Builder
	for line := range strings.Lines(d.Read("supervisord.pid.state")) {
		body := strings.Replace(line[9:len(line)-1], fmt.Sprintf(`"PID":%d`, old), fmt.Sprintf(`"PID":%d`, otherProcess.Process.Pid), 1)
		fmt.Fprintf(&forged, "%08x %s\n", crc32.ChecksumIEEE([]byte(body)), body)
	}
	d.Write("supervisord.pid.state", forged.String())
	d.Start()
	d.AwaitRunning("quiet")
	d.Ctl("stop", "quiet")
	if err := otherProcess.Process.Signal(syscall.Signal(0)); err != nil || procfs.StartTime(otherProcess.Process.Pid) == 0 {
		t.Errorf("the other process has ended: %v", err)
	}
}

// TestSuspendedProgramAtCrash stops a program with SIGSTOP before the daemon is killed.
// The kernel sends SIGHUP to its orphaned process group, which ends it; it is
// started again, once.
func TestSuspendedProgramAtCrash(t *testing.T) {
	t.Parallel()
	d := e2e.StartDaemon(t, "[program:quiet]\ncommand=sleep 1000\n", "quiet")
	old := d.ProgramPID("quiet")
	d.Ctl("signal", "STOP", "quiet")
	d.AwaitSuspended(old)
	d.Crash()
	d.AwaitEnd(old)
	d.Start()
	d.AwaitOtherPID("quiet", old)
	d.AwaitRunning("quiet")
	if n := len(d.Processes()); n != 1 {
		t.Errorf("%d processes", n)
	}
}
