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
	s := e2e.NewDaemon(t)
	s.Configure(`[program:counter]
command=sh -c 'i=0; while :; do i=$((i+1)); echo $i; [ $((i%%100)) = 0 ] && sleep 0.02; done'
stdout_logfile=` + s.Path("counter.log") + `
stdout_logfile_maxbytes=10KB
stdout_logfile_backups=1000
[program:quiet]
command=sleep 1000
redirect_stderr=true
[program:job]
command=sh -c "echo once >>` + s.Path("job") + `"
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
command=` + s.IgnoreTERMCommand("deaf") + `
stopwaitsecs=10000
[fcgi-program:page]
command=sleep 1000
socket=unix://` + s.Path("page.sock") + `
process_name=%(program_name)s_%(process_num)d
numprocs=2
`)
	s.Start()
	survivors := []string{"counter", "quiet", "deaf", "page:page_0", "page:page_1"}
	s.AwaitRunning(append(survivors, "mortal", "resting")...)
	s.AwaitIgnoresTERM("deaf")
	s.Ctl("stop", "resting")
	_, stopEnded := s.StartCtl("stop", "deaf")
	s.Await("a stop and a failure", func() bool {
		status := s.Ctl("status", "deaf", "hopeless", "job")
		return strings.Contains(status, "STOPPING") && strings.Contains(status, "FATAL") && strings.Contains(status, "EXITED")
	})
	before, killed := s.ProgramPIDs(survivors...), s.ProgramPID("mortal")
	spawnCount := strings.Count(s.Log(), "spawned")

	s.Crash()
	<-stopEnded
	e2e.Kill(t, killed)
	s.Start()
	s.AwaitRunning("counter", "quiet", "page:page_0", "page:page_1", "mortal")
	s.ExpectPIDs(survivors, before)
	status := s.Ctl("status")
	for _, want := range []string{"resting STOPPED", "hopeless FATAL", "job EXITED", "deaf STOPPING"} {
		if !strings.Contains(strings.Join(strings.Fields(status), " "), want) {
			t.Errorf("%s: the status is\n%s", want, status)
		}
	}
	if pid := s.ProgramPID("mortal"); pid == killed {
		t.Errorf("mortal has still pid %d", pid)
	}
	if got := strings.Count(s.Log(), "spawned") - spawnCount; got != 1 {
		t.Errorf("%d births", got)
	}
	if got := s.Read("job"); got != "once\n" {
		t.Errorf("the job ran again: %q", got)
	}
	log := e2e.FileSize(s.Path("counter.log"))
	s.Await("more output", func() bool { return e2e.FileSize(s.Path("counter.log")) != log })
	// They are full citizens.
	e2e.Kill(t, before[1])
	s.AwaitOtherPID("quiet", before[1])
	if out := s.Ctl("signal", "KILL", "deaf"); !strings.Contains(out, "signalled") {
		t.Errorf("signal: %s", out)
	}
	s.AwaitStatus("deaf", "STOPPED")
	s.ExpectCtl("stop counter", "counter: stopped\n")
	s.CheckNumbered("counter.log")
	s.ExpectCtl("start counter", "counter: started\n")
	s.Ctl("shutdown")
	s.ExpectExit()
	s.AwaitNoProcesses()
	for _, name := range []string{"supervisord.pid", "supervisord.pid.state", "supervisord.pid.output"} {
		if s.Exists(name) {
			t.Errorf("%s stays behind", name)
		}
	}
}

// TestCrashInShutdown: what had been stopped for the daemon's end is not to stay
// stopped.
func TestCrashInShutdown(t *testing.T) {
	s := e2e.NewDaemon(t)
	s.Configure(`[program:quick]
command=sleep 1000
[program:deaf]
command=` + s.IgnoreTERMCommand("deaf") + `
stopwaitsecs=10000
[program:behind]
command=sleep 1000
autorestart=false
`)
	s.Start()
	s.AwaitRunning("quick", "deaf", "behind")
	s.AwaitIgnoresTERM("deaf")
	quick, deaf, behind := s.ProgramPID("quick"), s.ProgramPID("deaf"), s.ProgramPID("behind")
	s.Ctl("shutdown")
	s.AwaitLog("stopped: quick")
	s.Await("an end that is not told of yet", func() bool { return procfs.StartTime(behind) == 0 })
	s.Await("the record of the shutdown", func() bool {
		return regexp.MustCompile(`"Leaving":true.*"Name":"behind".*"State":40`).MatchString(s.Read("supervisord.pid.state"))
	})
	s.Crash()
	s.Start()
	s.AwaitRunning("quick", "behind")
	if got := s.ProgramPID("quick"); got == quick {
		t.Errorf("it has pid %d still", got)
	}
	s.ExpectPID("deaf", deaf)
	e2e.Kill(t, deaf)
	s.AwaitRunning("deaf")
	s.Crash() // it would take its time to end
}

// TestOutputInTransit: what was read and not yet written when the daemon was
// killed is neither lost nor doubled, at whatever moment that happens.
func TestOutputInTransit(t *testing.T) {
	s := e2e.NewDaemon(t)
	s.Configure(`[program:counter]
command=` + countingCommand + `
stdout_logfile=` + s.Path("counter.log") + `
stdout_logfile_maxbytes=300KB
stdout_logfile_backups=1000
`)
	s.Start()
	s.AwaitRunning("counter")
	pid := s.ProgramPID("counter")
	for range 15 {
		log := e2e.FileSize(s.Path("counter.log"))
		s.Await("output", func() bool { return e2e.FileSize(s.Path("counter.log")) != log })
		s.Crash()
		s.Start()
		s.Await("the daemon", func() bool { return s.ProgramPID("counter") != 0 })
	}
	s.ExpectPID("counter", pid)
	s.Ctl("stop", "counter")
	t.Logf("%d lines", s.CheckNumbered("counter.log"))
}

func TestSecondDaemonIsRefused(t *testing.T) {
	s := e2e.NewDaemon(t)
	s.Configure("[program:quiet]\ncommand=sleep 1000\n")
	s.Start()
	s.AwaitRunning("quiet")
	pid := s.ProgramPID("quiet")
	other := s.Write("other.conf", strings.ReplaceAll(s.Read("supervisord.conf"), "s.sock", "other.sock"))
	refused := func(how string) {
		t.Helper()
		out, err := exec.Command("supervisord", "-s", "-c", other).CombinedOutput()
		want := "Another supervisord is running with this configuration: it has pid " + strconv.Itoa(s.PID())
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, %s", how, err, out)
		}
	}
	refused("at once")
	// Start scripts are known to remove the pidfile.
	s.Remove("supervisord.pid")
	refused("without a pidfile")
	s.ExpectPID("quiet", pid)
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
			s := e2e.NewDaemon(t)
			s.Configure("[program:quiet]\ncommand=sleep 1000\n")
			s.Start()
			s.AwaitRunning("quiet")
			pid := s.ProgramPID("quiet")
			s.Crash()
			state := damage(s.Read("supervisord.pid.state"))
			s.Write("supervisord.pid.state", state)
			s.Start()
			s.AwaitRunning("quiet")
			s.ExpectPID("quiet", pid)
			log := s.Log()
			isBad := name != "without children"
			if strings.Contains(log, "WARN state file "+s.Path("supervisord.pid.state")) != isBad {
				t.Errorf("the log is\n%s", log)
			}
			if kept := s.Read("supervisord.pid.state.bad"); isBad && kept != state {
				t.Errorf("kept is %q", kept)
			}
		})
	}
}

func TestOrphanPolicy(t *testing.T) {
	for policy, check := range map[string]func(s *e2e.Daemon, old int){
		"kill": func(s *e2e.Daemon, old int) {
			s.AwaitOtherPID("quiet", old)
			s.Await("the end of the old one", func() bool { return syscall.Kill(old, 0) != nil })
		},
		"leave": func(s *e2e.Daemon, old int) {
			s.AwaitOtherPID("quiet", old)
			if syscall.Kill(old, 0) != nil {
				s.T.Error("the old one is gone")
			}
		},
	} {
		t.Run(policy, func(t *testing.T) {
			s := e2e.NewDaemon(t)
			s.Configure("[program:quiet]\ncommand=sleep 1000\n")
			s.EditConfig("nodaemon=true", "nodaemon=true\norphan_policy="+policy)
			s.Start()
			s.AwaitRunning("quiet")
			old := s.ProgramPID("quiet")
			s.Crash()
			s.Start()
			check(s, old)
		})
	}
}

// TestRecycledPid: a process that has the pid of a recorded child, but was born
// at another time, is neither adopted nor signalled.
func TestRecycledPid(t *testing.T) {
	s := e2e.NewDaemon(t)
	s.Configure("[program:quiet]\ncommand=sleep 1000\n")
	s.Start()
	s.AwaitRunning("quiet")
	old := s.ProgramPID("quiet")
	s.Crash()
	e2e.Kill(t, old)
	s.Await("its end", func() bool { return procfs.StartTime(old) == 0 })
	otherProcess := exec.Command("sleep", "1000")
	if err := otherProcess.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = otherProcess.Process.Kill(); _ = otherProcess.Wait() }()
	var forged strings.Builder
	for line := range strings.Lines(s.Read("supervisord.pid.state")) {
		body := strings.Replace(line[9:len(line)-1], fmt.Sprintf(`"PID":%d`, old), fmt.Sprintf(`"PID":%d`, otherProcess.Process.Pid), 1)
		fmt.Fprintf(&forged, "%08x %s\n", crc32.ChecksumIEEE([]byte(body)), body)
	}
	s.Write("supervisord.pid.state", forged.String())
	s.Start()
	s.AwaitRunning("quiet")
	s.Ctl("stop", "quiet")
	if err := otherProcess.Process.Signal(syscall.Signal(0)); err != nil || procfs.StartTime(otherProcess.Process.Pid) == 0 {
		t.Errorf("the stranger is gone: %v", err)
	}
}

// TestSuspendedProgramAtACrash: the kernel ends it together with the daemon, and it
// is started again, once.
func TestSuspendedProgramAtACrash(t *testing.T) {
	s := e2e.NewDaemon(t)
	s.Configure("[program:quiet]\ncommand=sleep 1000\n")
	s.Start()
	s.AwaitRunning("quiet")
	old := s.ProgramPID("quiet")
	s.Ctl("signal", "STOP", "quiet")
	s.Crash()
	s.AwaitEnd(old)
	s.Start()
	s.AwaitOtherPID("quiet", old)
	s.AwaitRunning("quiet")
	if n := len(s.Processes()); n != 1 {
		t.Errorf("%d processes", n)
	}
}
