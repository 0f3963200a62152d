package supervisord_test

import (
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/system/procfs"
)

// crash kills the daemon as nothing else does: without a word.
func (s *testDaemon) crash() {
	s.t.Helper()
	_ = s.daemon.Process.Kill()
	_ = s.daemon.Wait()
}

// countingCommand is a program that writes numbered lines as fast as it can.
const countingCommand = `/bin/sh -c 'i=0; while :; do i=$((i+1)); echo $i; done'`

// checkCount reports each line of a log, with its backups, that does not follow
// the one before. It returns how many there are.
func (s *testDaemon) checkCount(log string) int {
	s.t.Helper()
	var all strings.Builder
	backups, _ := filepath.Glob(s.path(log + ".*"))
	oldest := 0
	for _, path := range backups { // a daemon killed in a rotation leaves a number out
		n, _ := strconv.Atoi(filepath.Ext(path)[1:])
		oldest = max(oldest, n)
	}
	for i := oldest; i > 0; i-- {
		all.WriteString(s.read(log + "." + strconv.Itoa(i)))
	}
	all.WriteString(s.read(log))
	text := all.String()
	lines := strings.Split(text[:strings.LastIndexByte(text, '\n')+1], "\n")
	lines = lines[:len(lines)-1]
	for i, line := range lines {
		if line != strconv.Itoa(i+1) {
			s.t.Fatalf("line %d of %s is %q", i+1, log, line)
		}
	}
	return len(lines)
}

func (s *testDaemon) programPids(names ...string) (pids []int) {
	for _, name := range names {
		pids = append(pids, s.pid(name))
	}
	return pids
}

func TestAdoptionAfterACrash(t *testing.T) {
	s := newTestDaemon(t)
	s.configure(`[program:counter]
command=sh -c 'i=0; while :; do i=$((i+1)); echo $i; [ $((i%%100)) = 0 ] && sleep 0.02; done'
stdout_logfile=` + s.path("counter.log") + `
stdout_logfile_maxbytes=10KB
stdout_logfile_backups=1000
[program:quiet]
command=sleep 1000
redirect_stderr=true
[program:job]
command=sh -c "echo once >>` + s.path("job") + `"
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
command=` + s.ignoreTERMCommand("deaf") + `
stopwaitsecs=10000
[fcgi-program:page]
command=sleep 1000
socket=unix://` + s.path("page.sock") + `
process_name=%(program_name)s_%(process_num)d
numprocs=2
`)
	s.start()
	survivors := []string{"counter", "quiet", "deaf", "page:page_0", "page:page_1"}
	s.awaitRunning(append(survivors, "mortal", "resting")...)
	s.awaitIgnoresTERM("deaf")
	s.ctl("stop", "resting")
	stopping := exec.Command("supervisorctl", "-c", s.path("supervisord.conf"), "stop", "deaf")
	if err := stopping.Start(); err != nil {
		t.Fatal(err)
	}
	s.await("a stop and a failure", func() bool {
		status := s.ctl("status", "deaf", "hopeless", "job")
		return strings.Contains(status, "STOPPING") && strings.Contains(status, "FATAL") && strings.Contains(status, "EXITED")
	})
	before, killed := s.programPids(survivors...), s.pid("mortal")
	spawnCount := strings.Count(s.read("supervisord.log"), "spawned")

	s.crash()
	_ = stopping.Wait()
	killProcess(t, killed)
	s.start()
	s.awaitRunning("counter", "quiet", "page:page_0", "page:page_1", "mortal")
	for i, pid := range s.programPids(survivors...) {
		if pid != before[i] {
			t.Errorf("%s had pid %d and has %d", survivors[i], before[i], pid)
		}
	}
	status := s.ctl("status")
	for _, want := range []string{"resting STOPPED", "hopeless FATAL", "job EXITED", "deaf STOPPING"} {
		if !strings.Contains(strings.Join(strings.Fields(status), " "), want) {
			t.Errorf("%s: the status is\n%s", want, status)
		}
	}
	if pid := s.pid("mortal"); pid == killed {
		t.Errorf("mortal has still pid %d", pid)
	}
	if got := strings.Count(s.read("supervisord.log"), "spawned") - spawnCount; got != 1 {
		t.Errorf("%d births", got)
	}
	if got := s.read("job"); got != "once\n" {
		t.Errorf("the job ran again: %q", got)
	}
	log := fileSize(s.path("counter.log"))
	s.await("more output", func() bool { return fileSize(s.path("counter.log")) != log })
	// They are full citizens.
	killProcess(t, before[1])
	s.await("the restart of a killed one", func() bool { p := s.pid("quiet"); return p != 0 && p != before[1] })
	if out := s.ctl("signal", "KILL", "deaf"); !strings.Contains(out, "signalled") {
		t.Errorf("signal: %s", out)
	}
	s.await("the end of the deaf one", func() bool { return strings.Contains(s.ctl("status", "deaf"), "STOPPED") })
	if out := s.ctl("stop", "counter"); out != "counter: stopped\n" {
		t.Errorf("stop: %s", out)
	}
	s.checkCount("counter.log")
	if out := s.ctl("start", "counter"); out != "counter: started\n" {
		t.Errorf("start: %s", out)
	}
	s.ctl("shutdown")
	if err := s.daemon.Wait(); err != nil {
		t.Error(err)
	}
	s.awaitNoProcesses()
	for _, name := range []string{"supervisord.pid", "supervisord.pid.state", "supervisord.pid.output"} {
		if _, err := os.Stat(s.path(name)); err == nil {
			t.Errorf("%s stays behind", name)
		}
	}
}

// TestCrashInShutdown: what had been stopped for the daemon's end is not to stay
// stopped.
func TestCrashInShutdown(t *testing.T) {
	s := newTestDaemon(t)
	s.configure(`[program:quick]
command=sleep 1000
[program:deaf]
command=` + s.ignoreTERMCommand("deaf") + `
stopwaitsecs=10000
[program:behind]
command=sleep 1000
autorestart=false
`)
	s.start()
	s.awaitRunning("quick", "deaf", "behind")
	s.awaitIgnoresTERM("deaf")
	quick, deaf, behind := s.pid("quick"), s.pid("deaf"), s.pid("behind")
	s.ctl("shutdown")
	s.await("a stop", func() bool { return strings.Contains(s.read("supervisord.log"), "stopped: quick") })
	s.await("an end that is not told of yet", func() bool { return procfs.StartTime(behind) == 0 })
	s.await("the record of the shutdown", func() bool {
		return regexp.MustCompile(`"Leaving":true.*"Name":"behind".*"State":40`).MatchString(s.read("supervisord.pid.state"))
	})
	s.crash()
	s.start()
	s.awaitRunning("quick", "behind")
	if got := s.pid("quick"); got == quick {
		t.Errorf("it has pid %d still", got)
	}
	if got := s.pid("deaf"); got != deaf {
		t.Errorf("the deaf had pid %d and has %d", deaf, got)
	}
	killProcess(t, deaf)
	s.awaitRunning("deaf")
	s.crash() // it would take its time to end
}

// TestOutputInTransit: what was read and not yet written when the daemon was
// killed is neither lost nor doubled, at whatever moment that happens.
func TestOutputInTransit(t *testing.T) {
	s := newTestDaemon(t)
	s.configure(`[program:counter]
command=` + countingCommand + `
stdout_logfile=` + s.path("counter.log") + `
stdout_logfile_maxbytes=300KB
stdout_logfile_backups=1000
`)
	s.start()
	s.awaitRunning("counter")
	pid := s.pid("counter")
	for range 15 {
		log := fileSize(s.path("counter.log"))
		s.await("output", func() bool { return fileSize(s.path("counter.log")) != log })
		s.crash()
		s.start()
		s.await("the daemon", func() bool { return s.pid("counter") != 0 })
	}
	if got := s.pid("counter"); got != pid {
		t.Errorf("pid %d, had %d", got, pid)
	}
	s.ctl("stop", "counter")
	t.Logf("%d lines", s.checkCount("counter.log"))
}

func TestSecondDaemonIsRefused(t *testing.T) {
	s := newTestDaemon(t)
	s.configure("[program:quiet]\ncommand=sleep 1000\n")
	s.start()
	s.awaitRunning("quiet")
	pid := s.pid("quiet")
	other := s.write("other.conf", strings.ReplaceAll(s.read("supervisord.conf"), "s.sock", "other.sock"))
	refused := func(how string) {
		t.Helper()
		out, err := exec.Command("supervisord", "-s", "-c", other).CombinedOutput()
		want := "Another supervisord is running with this configuration: it has pid " + strconv.Itoa(s.daemonPid())
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, %s", how, err, out)
		}
	}
	refused("at once")
	// Start scripts are known to remove the pidfile.
	if err := os.Remove(s.path("supervisord.pid")); err != nil {
		t.Fatal(err)
	}
	refused("without a pidfile")
	if got := s.pid("quiet"); got != pid {
		t.Errorf("pid %d, had %d", got, pid)
	}
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
			s := newTestDaemon(t)
			s.configure("[program:quiet]\ncommand=sleep 1000\n")
			s.start()
			s.awaitRunning("quiet")
			pid := s.pid("quiet")
			s.crash()
			state := damage(s.read("supervisord.pid.state"))
			s.write("supervisord.pid.state", state)
			s.start()
			s.awaitRunning("quiet")
			if got := s.pid("quiet"); got != pid {
				t.Errorf("pid %d, had %d", got, pid)
			}
			log := s.read("supervisord.log")
			isBad := name != "without children"
			if strings.Contains(log, "WARN state file "+s.path("supervisord.pid.state")) != isBad {
				t.Errorf("the log is\n%s", log)
			}
			if kept := s.read("supervisord.pid.state.bad"); isBad && kept != state {
				t.Errorf("kept is %q", kept)
			}
		})
	}
}

func TestOrphanPolicy(t *testing.T) {
	for policy, check := range map[string]func(s *testDaemon, old int){
		"kill": func(s *testDaemon, old int) {
			s.await("another one", func() bool { p := s.pid("quiet"); return p != 0 && p != old })
			s.await("the end of the old one", func() bool { return syscall.Kill(old, 0) != nil })
		},
		"leave": func(s *testDaemon, old int) {
			s.await("another one", func() bool { p := s.pid("quiet"); return p != 0 && p != old })
			if syscall.Kill(old, 0) != nil {
				s.t.Error("the old one is gone")
			}
		},
	} {
		t.Run(policy, func(t *testing.T) {
			s := newTestDaemon(t)
			s.configure("[program:quiet]\ncommand=sleep 1000\n")
			s.write("supervisord.conf", strings.Replace(s.read("supervisord.conf"), "nodaemon=true", "nodaemon=true\norphan_policy="+policy, 1))
			s.start()
			s.awaitRunning("quiet")
			old := s.pid("quiet")
			s.crash()
			s.start()
			check(s, old)
		})
	}
}

// TestRecycledPid: a process that has the pid of a recorded child, but was born
// at another time, is neither adopted nor signalled.
func TestRecycledPid(t *testing.T) {
	s := newTestDaemon(t)
	s.configure("[program:quiet]\ncommand=sleep 1000\n")
	s.start()
	s.awaitRunning("quiet")
	old := s.pid("quiet")
	s.crash()
	killProcess(t, old)
	s.await("its end", func() bool { return procfs.StartTime(old) == 0 })
	otherProcess := exec.Command("sleep", "1000")
	if err := otherProcess.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = otherProcess.Process.Kill(); _ = otherProcess.Wait() }()
	var forged strings.Builder
	for line := range strings.Lines(s.read("supervisord.pid.state")) {
		body := strings.Replace(line[9:len(line)-1], fmt.Sprintf(`"PID":%d`, old), fmt.Sprintf(`"PID":%d`, otherProcess.Process.Pid), 1)
		fmt.Fprintf(&forged, "%08x %s\n", crc32.ChecksumIEEE([]byte(body)), body)
	}
	s.write("supervisord.pid.state", forged.String())
	s.start()
	s.awaitRunning("quiet")
	s.ctl("stop", "quiet")
	if err := otherProcess.Process.Signal(syscall.Signal(0)); err != nil || procfs.StartTime(otherProcess.Process.Pid) == 0 {
		t.Errorf("the stranger is gone: %v", err)
	}
}

// TestSuspendedProgramAtACrash: the kernel ends it together with the daemon, and it
// is started again, once.
func TestSuspendedProgramAtACrash(t *testing.T) {
	s := newTestDaemon(t)
	s.configure("[program:quiet]\ncommand=sleep 1000\n")
	s.start()
	s.awaitRunning("quiet")
	old := s.pid("quiet")
	s.ctl("signal", "STOP", "quiet")
	s.crash()
	s.await("its end", func() bool { return !alive(old) })
	s.start()
	s.await("another one", func() bool { p := s.pid("quiet"); return p != 0 && p != old })
	s.awaitRunning("quiet")
	if n := len(s.processes()); n != 1 {
		t.Errorf("%d processes", n)
	}
}
