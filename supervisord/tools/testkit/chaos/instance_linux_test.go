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
	"supervisor/supervisord/tools/testkit/linewriter"
)

// instance is a directory with a configuration, and the daemons that run there one after
// the other.
type instance struct {
	t   *testing.T
	dir string

	pid   int // of the daemon
	ended <-chan syscall.WaitStatus

	slowest atomic.Int64 // the longest answer so far, in nanoseconds

	mu      sync.Mutex
	killed  map[linewriter.ID]time.Time // runs that the test has killed, and when
	outages []outage
}

// outage is a time without a daemon, until the next one has adopted all processes.
type outage struct{ from, to time.Time }

func newInstance(t *testing.T) *instance {
	t.Helper()
	dir, err := os.MkdirTemp("", "chaos")
	if err != nil {
		t.Fatal(err)
	}
	s := &instance{t: t, dir: dir, killed: make(map[linewriter.ID]time.Time)}
	for _, sub := range []string{"logs", "stats"} {
		if err := os.Mkdir(s.path(sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(s.cleanUp)
	return s
}

// cleanUp kills all processes. The files of a failed test are kept.
func (s *instance) cleanUp() {
	if s.pid != 0 {
		s.killDaemon()
	}
	for _, pid := range s.processes() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	if s.t.Failed() {
		s.t.Logf("the files are kept in %s", s.dir)
		return
	}
	os.RemoveAll(s.dir)
}

func (s *instance) path(name string) string { return filepath.Join(s.dir, name) }

func (s *instance) read(name string) string {
	data, _ := os.ReadFile(s.path(name))
	return string(data)
}

// configure writes supervisord.conf. All programs have MARK in their environment, by
// which findProcesses finds them.
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
	// As editors do, so that a daemon that starts just now reads either file completely.
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

// killDaemon kills the daemon and waits for its end.
func (s *instance) killDaemon() {
	_ = syscall.Kill(s.pid, syscall.SIGKILL)
	<-s.ended
	s.pid = 0
}

// client makes a connection to the daemon.
func (s *instance) client() *xmlrpc.Client {
	c, err := xmlrpc.NewClient("unix://"+s.path("s.sock"), "", "")
	if err != nil {
		panic(err) // the address is well formed
	}
	return c
}

// call makes one call over a new connection.
func (s *instance) call(method string, reply any, args ...any) error {
	c := s.client()
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), waitTimeout)
	defer cancel()
	return c.Call(ctx, method, reply, args...)
}

// infos returns the state of all processes, by name.
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

// waitTimeout is how long a test waits for another process.
const waitTimeout = 5 * time.Minute

func (s *instance) await(what string, ok func() bool) bool {
	s.t.Helper()
	for limit := time.Now().Add(waitTimeout); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	s.t.Errorf("timed out waiting: %s", what)
	return false
}

// awaitAllRunning starts stopped processes, and waits until each of n has been RUNNING
// since the wait began. Some exit by themselves every few seconds, so there may be no
// moment at which all are RUNNING.
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

// processes lists the pids of everything alive that the programs are or started.
func (s *instance) processes() (pids []int) {
	for pid := range s.findProcesses() {
		pids = append(pids, pid)
	}
	return pids
}

// findProcesses maps the pids of these processes to their names.
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

// state is the state letter of /proc/PID/stat, 0 if there is no such process.
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

// zombies lists the children of the daemon that have exited and are not reaped.
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

// findRun finds the latest run of a process with this pid.
func (s *instance) findRun(name string, pid int) (id linewriter.ID, t linewriter.Stats, ok bool) {
	for _, l := range linewriter.Runs(s.path("stats/" + name)) {
		if l.PID == pid && l.Started > id.Started {
			id, ok = l, true
		}
	}
	if ok {
		var err error
		t, err = linewriter.ReadStats(s.path("stats/"+name), id)
		ok = err == nil
	}
	return id, t, ok
}

// kill kills a process and records when.
func (s *instance) kill(name string, pid int) {
	id, _, ok := s.findRun(name, pid)
	if !ok {
		return // it has not begun to count
	}
	s.mu.Lock()
	s.killed[id] = time.Now()
	s.mu.Unlock()
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

func (s *instance) wasKilled(id linewriter.ID) (at time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok = s.killed[id]
	return at, ok
}

// stopAndCheck stops the daemon, and checks that it leaves no process and no file.
func (s *instance) stopAndCheck(stop func()) {
	s.t.Helper()
	stop()
	select {
	case ws := <-s.ended:
		s.pid = 0
		if !ws.Exited() || ws.ExitStatus() != 0 {
			s.t.Errorf("the status of the daemon is %#x", ws)
		}
	case <-time.After(2 * waitTimeout):
		s.t.Fatal("the daemon has not ended")
	}
	if left := s.findProcesses(); len(left) > 0 {
		s.t.Errorf("left: %v", left)
	}
	for _, pattern := range []string{"*.state*", "*.output*", "*.pid", "*.sock*"} {
		if left, _ := filepath.Glob(s.path(pattern)); len(left) > 0 {
			s.t.Errorf("left: %v", left)
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

// isUnexpectedLog reports whether a line of the main log is a failure. The warnings that
// the daemon runs as root and has no password are expected.
func isUnexpectedLog(line string) bool {
	switch {
	case strings.Contains(line, " ERRO "), strings.Contains(line, "left alone"), strings.Contains(line, "state file"):
		return true
	case strings.Contains(line, " CRIT "):
		return !strings.Contains(line, "running as root") && !strings.Contains(line, "without any HTTP authentication")
	}
	return false
}
