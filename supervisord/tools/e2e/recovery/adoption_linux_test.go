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

func TestAdoptionAfterACrash(t *testing.T) {
	d := e2e.NewDaemon(t)
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
[program:resting]
command=sleep 1000
[program:hopeless]
command=false
startretries=0
[program:mortal]
command=sleep 1000
[program:deaf]
command=` + d.IgnoreTERMCommand("deaf") + `
stopwaitsecs=10000
[fcgi-program:page]
command=sleep 1000
socket=unix://` + d.Path("page.sock") + `
process_name=%(program_name)s_%(process_num)d
numprocs=2
`)
	d.Start()
	survivors := []string{"counter", "quiet", "deaf", "page:page_0", "page:page_1"}
	d.AwaitRunning(append(survivors, "mortal", "resting")...)
	d.AwaitIgnoresTERM("deaf")
	d.Ctl("stop", "resting")
	_, stopEnded := d.StartCtl("stop", "deaf")
	d.Await("a stop and a failure", func() bool {
		status := d.Ctl("status", "deaf", "hopeless", "job")
		return strings.Contains(status, "STOPPING") && strings.Contains(status, "FATAL") && strings.Contains(status, "EXITED")
	})
	before, killed := d.ProgramPIDs(survivors...), d.ProgramPID("mortal")
	spawnCount := strings.Count(d.Log(), "spawned")

	d.Crash()
	<-stopEnded
	e2e.Kill(t, killed)
	d.Start()
	d.AwaitRunning("counter", "quiet", "page:page_0", "page:page_1", "mortal")
	d.ExpectPIDs(survivors, before)
	status := d.Ctl("status")
	for _, want := range []string{"resting STOPPED", "hopeless FATAL", "job EXITED", "deaf STOPPING"} {
		if !strings.Contains(strings.Join(strings.Fields(status), " "), want) {
			t.Errorf("%s: the status is\n%s", want, status)
		}
	}
	if pid := d.ProgramPID("mortal"); pid == killed {
		t.Errorf("mortal has still pid %d", pid)
	}
	if got := strings.Count(d.Log(), "spawned") - spawnCount; got != 1 {
		t.Errorf("%d births", got)
	}
	if got := d.Read("job"); got != "once\n" {
		t.Errorf("the job ran again: %q", got)
	}
	log := e2e.FileSize(d.Path("counter.log"))
	d.Await("more output", func() bool { return e2e.FileSize(d.Path("counter.log")) != log })
	// They are full citizens.
	e2e.Kill(t, before[1])
	d.AwaitOtherPID("quiet", before[1])
	if out := d.Ctl("signal", "KILL", "deaf"); !strings.Contains(out, "signalled") {
		t.Errorf("signal: %s", out)
	}
	d.AwaitStatus("deaf", "STOPPED")
	d.ExpectCtl("stop counter", "counter: stopped\n")
	d.CheckNumbered("counter.log")
	d.ExpectCtl("start counter", "counter: started\n")
	d.Ctl("shutdown")
	d.ExpectExit()
	d.AwaitNoProcesses()
	for _, name := range []string{"supervisord.pid", "supervisord.pid.state", "supervisord.pid.output"} {
		if d.Exists(name) {
			t.Errorf("%s stays behind", name)
		}
	}
}

// TestCrashInShutdown: what had been stopped for the daemon's end is not to stay
// stopped.
func TestCrashInShutdown(t *testing.T) {
	d := e2e.NewDaemon(t)
	d.Configure(`[program:quick]
command=sleep 1000
[program:deaf]
command=` + d.IgnoreTERMCommand("deaf") + `
stopwaitsecs=10000
[program:behind]
command=sleep 1000
autorestart=false
`)
	d.Start()
	d.AwaitRunning("quick", "deaf", "behind")
	d.AwaitIgnoresTERM("deaf")
	quick, deaf, behind := d.ProgramPID("quick"), d.ProgramPID("deaf"), d.ProgramPID("behind")
	d.Ctl("shutdown")
	d.AwaitLog("stopped: quick")
	d.Await("an end that is not told of yet", func() bool { return procfs.StartTime(behind) == 0 })
	d.Await("the record of the shutdown", func() bool {
		return regexp.MustCompile(`"Leaving":true.*"Name":"behind".*"State":40`).MatchString(d.Read("supervisord.pid.state"))
	})
	d.Crash()
	d.Start()
	d.AwaitRunning("quick", "behind")
	if got := d.ProgramPID("quick"); got == quick {
		t.Errorf("it has pid %d still", got)
	}
	d.ExpectPID("deaf", deaf)
	e2e.Kill(t, deaf)
	d.AwaitRunning("deaf")
	d.Crash() // it would take its time to end
}

// TestOutputInTransit: what was read and not yet written when the daemon was
// killed is neither lost nor doubled, at whatever moment that happens.
func TestOutputInTransit(t *testing.T) {
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
	d := e2e.NewDaemon(t)
	d.Configure("[program:quiet]\ncommand=sleep 1000\n")
	d.Start()
	d.AwaitRunning("quiet")
	pid := d.ProgramPID("quiet")
	other := d.Write("other.conf", strings.ReplaceAll(d.Read("supervisord.conf"), "s.sock", "other.sock"))
	refused := func(how string) {
		t.Helper()
		out, err := exec.Command("supervisord", "-s", "-c", other).CombinedOutput()
		want := "Another supervisord is running with this configuration: it has pid " + strconv.Itoa(d.PID())
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, %s", how, err, out)
		}
	}
	refused("at once")
	// Start scripts are known to remove the pidfile.
	d.Remove("supervisord.pid")
	refused("without a pidfile")
	d.ExpectPID("quiet", pid)
}

func TestBadStateFile(t *testing.T) {
	for name, damage := range map[string]func(state string) string{
		"truncated": func(state string) string { return state[:10] },
		"changed":   func(state string) string { return strings.Replace(state, "quiet", "quite", 1) },
		"foreign":   func(string) string { return "[program:x]\n" },
		"newer": func(state string) string {
			return strings.Replace(state, `"SupervisorState":1`, `"SupervisorState":99`, 1)
		},
		"empty": func(string) string { return "" },
		// Children whose birth was not recorded are found too.
		"without children": func(state string) string { return state[:strings.IndexByte(state, '\n')+1] },
	} {
		t.Run(name, func(t *testing.T) {
			d := e2e.NewDaemon(t)
			d.Configure("[program:quiet]\ncommand=sleep 1000\n")
			d.Start()
			d.AwaitRunning("quiet")
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
				t.Errorf("kept is %q", kept)
			}
		})
	}
}

func TestOrphanPolicy(t *testing.T) {
	for policy, check := range map[string]func(d *e2e.Daemon, old int){
		"kill": func(d *e2e.Daemon, old int) {
			d.AwaitOtherPID("quiet", old)
			d.Await("the end of the old one", func() bool { return syscall.Kill(old, 0) != nil })
		},
		"leave": func(d *e2e.Daemon, old int) {
			d.AwaitOtherPID("quiet", old)
			if syscall.Kill(old, 0) != nil {
				d.T.Error("the old one is gone")
			}
		},
	} {
		t.Run(policy, func(t *testing.T) {
			d := e2e.NewDaemon(t)
			d.Configure("[program:quiet]\ncommand=sleep 1000\n")
			d.EditConfig("nodaemon=true", "nodaemon=true\norphan_policy="+policy)
			d.Start()
			d.AwaitRunning("quiet")
			old := d.ProgramPID("quiet")
			d.Crash()
			d.Start()
			check(d, old)
		})
	}
}

// TestRecycledPid: a process that has the pid of a recorded child, but was born
// at another time, is neither adopted nor signalled.
func TestRecycledPid(t *testing.T) {
	d := e2e.NewDaemon(t)
	d.Configure("[program:quiet]\ncommand=sleep 1000\n")
	d.Start()
	d.AwaitRunning("quiet")
	old := d.ProgramPID("quiet")
	d.Crash()
	e2e.Kill(t, old)
	d.Await("its end", func() bool { return procfs.StartTime(old) == 0 })
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
		t.Errorf("the stranger is gone: %v", err)
	}
}

// TestSuspendedProgramAtACrash: the kernel ends it together with the daemon, and it
// is started again, once.
func TestSuspendedProgramAtACrash(t *testing.T) {
	d := e2e.NewDaemon(t)
	d.Configure("[program:quiet]\ncommand=sleep 1000\n")
	d.Start()
	d.AwaitRunning("quiet")
	old := d.ProgramPID("quiet")
	d.Ctl("signal", "STOP", "quiet")
	d.Crash()
	d.AwaitEnd(old)
	d.Start()
	d.AwaitOtherPID("quiet", old)
	d.AwaitRunning("quiet")
	if n := len(d.Processes()); n != 1 {
		t.Errorf("%d processes", n)
	}
}
