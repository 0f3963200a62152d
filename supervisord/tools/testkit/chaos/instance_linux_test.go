package chaos

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/tools/testkit/scribe"
)

// instance is a directory with a configuration, and the daemons that it has one
// after the other.
type instance struct {
	t   *testing.T
	dir string

	pid   int // of the daemon
	ended <-chan syscall.WaitStatus

	slowest atomic.Int64 // answer so far, in nanoseconds

	mu      sync.Mutex
	killed  map[scribe.ID]time.Time // scribes, by us
	outages []outage
}

// outage is a time without a daemon, until its successor has taken over.
type outage struct{ from, to time.Time }

func newInstance(t *testing.T) *instance {
	t.Helper()
	dir, err := os.MkdirTemp("", "chaos")
	if err != nil {
		t.Fatal(err)
	}
	s := &instance{t: t, dir: dir, killed: make(map[scribe.ID]time.Time)}
	for _, sub := range []string{"logs", "tally"} {
		if err := os.Mkdir(s.path(sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(s.cleanUp)
	return s
}

// cleanUp leaves no process behind. The files of a test that failed are kept.
func (s *instance) cleanUp() {
	if s.pid != 0 {
		s.killDaemon()
	}
	for _, pid := range s.processes() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	if s.t.Failed() {
		s.t.Logf("everything is kept in %s", s.dir)
		return
	}
	os.RemoveAll(s.dir)
}

func (s *instance) path(name string) string { return filepath.Join(s.dir, name) }

func (s *instance) read(name string) string {
	data, _ := os.ReadFile(s.path(name))
	return string(data)
}

// configure writes supervisord.conf. MARK in the environment of all programs
// tells which processes are of this site.
func (s *instance) configure(sections string) {
	s.t.Helper()
	text := fmt.Sprintf(`[supervisord]
nodaemon=true
logfile=%[1]s/supervisord.log
logfile_maxbytes=0
pidfile=%[1]s/supervisord.pid
childlogdir=%[1]s
minfds=8192
environment=MARK="%[1]s",GOMAXPROCS="1"
[unix_http_server]
file=%[1]s/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%[1]s/s.sock
%[2]s`, s.dir, sections)
	// As an editor would: a daemon that starts at this moment reads the one or the other.
	if err := os.WriteFile(s.path("new.conf"), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(s.path("new.conf"), s.path("supervisord.conf")); err != nil {
		s.t.Fatal(err)
	}
}

// start starts a daemon.
func (s *instance) start() {
	s.t.Helper()
	stderr, err := os.OpenFile(s.path("stderr"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		s.t.Fatal(err)
	}
	defer stderr.Close()
	cmd := exec.Command(filepath.Join(binDir, "supervisord"), "-s", "-c", s.path("supervisord.conf"))
	cmd.Stderr = stderr
	if s.pid, s.ended, err = children.start(cmd); err != nil {
		s.t.Fatal(err)
	}
}

// killDaemon returns when there is no daemon any more.
func (s *instance) killDaemon() {
	_ = syscall.Kill(s.pid, syscall.SIGKILL)
	<-s.ended
	s.pid = 0
}

// client speaks to the site's daemon. Each caller has its own.
func (s *instance) client() *xmlrpc.Client {
	c, err := xmlrpc.NewClient("unix://"+s.path("s.sock"), "", "")
	if err != nil {
		panic(err) // the address is well formed
	}
	return c
}

// call calls a method once. Without a daemon it fails.
func (s *instance) call(method string, reply any, args ...any) error {
	c := s.client()
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), waitTimeout)
	defer cancel()
	return c.Call(ctx, method, reply, args...)
}

// infos asks for the state of all processes.
func (s *instance) infos() (map[string]api.ProcessInfo, error) {
	var list []api.ProcessInfo
	started := time.Now()
	if err := s.call("supervisor.getAllProcessInfo", &list); err != nil {
		return nil, err
	}
	for took := int64(time.Since(started)); ; {
		if last := s.slowest.Load(); took <= last || s.slowest.CompareAndSwap(last, took) {
			break
		}
	}
	all := make(map[string]api.ProcessInfo, len(list))
	for _, i := range list {
		all[i.Name] = i
	}
	return all, nil
}

// ctl runs supervisorctl and returns what it printed.
func (s *instance) ctl(args ...string) string {
	out, err := os.CreateTemp(s.dir, "ctl")
	if err != nil {
		return err.Error()
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd := exec.Command(filepath.Join(binDir, "supervisorctl"), append([]string{"-c", s.path("supervisord.conf")}, args...)...)
	cmd.Stdout, cmd.Stderr = out, out
	_, ended, err := children.start(cmd)
	if err != nil {
		return err.Error()
	}
	<-ended
	data, _ := os.ReadFile(out.Name())
	return string(data)
}

// waitTimeout is how long something is waited for that must come.
const waitTimeout = 5 * time.Minute

func (s *instance) await(what string, ok func() bool) bool {
	s.t.Helper()
	for limit := time.Now().Add(waitTimeout); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	s.t.Errorf("waited in vain: %s", what)
	return false
}

// awaitAllRunning starts what has been stopped, and waits until each of n programs
// runs or has been seen to since the wait began: some end by themselves every few
// seconds, and where there are many of those no moment may find all of them past
// their startsecs.
func (s *instance) awaitAllRunning(n int) {
	s.t.Helper()
	var last map[string]int
	seen := make(map[string]bool)
	if s.await("all programs run", func() bool {
		var results any
		_ = s.call("supervisor.startAllProcesses", &results, false)
		infos, err := s.infos()
		last = make(map[string]int)
		for name, i := range infos {
			last[i.StateName]++
			if i.StateName == "RUNNING" {
				seen[name] = true
			}
		}
		return err == nil && len(infos) == n && len(seen) == n && last["RUNNING"]+last["STARTING"] == n
	}) {
		return
	}
	s.t.Fatalf("%d programs are %v", n, last)
}

// processes lists the pids of everything alive that any program of the site
// started.
func (s *instance) processes() (pids []int) {
	for pid := range s.findProcesses() {
		pids = append(pids, pid)
	}
	return pids
}

// findProcesses finds all that live, and their names.
func (s *instance) findProcesses() map[int]string {
	mark := []byte("MARK=" + s.dir + "\x00")
	found := make(map[int]string)
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		data, err := os.ReadFile("/proc/" + e.Name() + "/environ")
		if err != nil || !bytes.Contains(data, mark) || !alive(pid) {
			continue
		}
		for v := range strings.SplitSeq(string(data), "\x00") {
			if name, ok := strings.CutPrefix(v, "SUPERVISOR_PROCESS_NAME="); ok {
				found[pid] = name
			}
		}
	}
	return found
}

// state is the letter by which the kernel tells how a process is, 0 for gone.
func state(pid int) byte {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data[bytes.LastIndexByte(data, ')'):]), " ")
	return rest[0]
}

func alive(pid int) bool {
	s := state(pid)
	return s != 0 && s != 'Z' && s != 'X'
}

func descriptors(pid int) int {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(entries)
}

// zombies lists the dead children of the daemon that it has not reaped.
func (s *instance) zombies() (pids []int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.pid)) // each thread has its own
	for _, list := range lists {
		data, _ := os.ReadFile(list)
		for f := range strings.FieldsSeq(string(data)) {
			if pid, err := strconv.Atoi(f); err == nil && state(pid) == 'Z' {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// lives finds the latest life of a scribe with that pid.
func (s *instance) findRun(name string, pid int) (id scribe.ID, t scribe.Stats, ok bool) {
	for _, l := range scribe.Runs(s.path("tally/" + name)) {
		if l.PID == pid && l.Started > id.Started {
			id, ok = l, true
		}
	}
	if ok {
		var err error
		t, err = scribe.ReadStats(s.path("tally/"+name), id)
		ok = err == nil
	}
	return id, t, ok
}

// kill kills a scribe and takes note of it.
func (s *instance) kill(name string, pid int) {
	id, _, ok := s.findRun(name, pid)
	if !ok {
		return // it is just being born
	}
	s.mu.Lock()
	s.killed[id] = time.Now()
	s.mu.Unlock()
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

func (s *instance) wasKilled(id scribe.ID) (at time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok = s.killed[id]
	return at, ok
}

// stopAndCheck ends the daemon as one should, and looks at what it leaves behind.
func (s *instance) stopAndCheck(stop func()) {
	s.t.Helper()
	stop()
	select {
	case ws := <-s.ended:
		s.pid = 0
		if !ws.Exited() || ws.ExitStatus() != 0 {
			s.t.Errorf("the daemon ended with status %#x", ws)
		}
	case <-time.After(2 * waitTimeout):
		s.t.Fatal("the daemon does not end")
	}
	if left := s.findProcesses(); len(left) > 0 {
		s.t.Errorf("left behind: %v", left)
	}
	for _, pattern := range []string{"*.state*", "*.output*", "*.pid", "*.sock*"} {
		if left, _ := filepath.Glob(s.path(pattern)); len(left) > 0 {
			s.t.Errorf("left behind: %v", left)
		}
	}
	if text := s.read("stderr"); strings.Contains(text, "goroutine ") || strings.Contains(text, "panic") {
		s.t.Errorf("stderr of the daemons:\n%s", text)
	}
	for line := range strings.Lines(s.read("supervisord.log")) {
		if isUnexpectedLog(line) {
			s.t.Errorf("supervisord.log: %s", line)
		}
	}
}

// isUnexpectedLog tells whether a line of the main log should not be there. That the
// daemon runs as root and asks nobody for a password is so on purpose.
func isUnexpectedLog(line string) bool {
	switch {
	case strings.Contains(line, " ERRO "), strings.Contains(line, "left alone"), strings.Contains(line, "state file"):
		return true
	case strings.Contains(line, " CRIT "):
		return !strings.Contains(line, "running as root") && !strings.Contains(line, "without any HTTP authentication")
	}
	return false
}
