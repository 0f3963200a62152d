package compatibility

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/tools/testkit/e2e"
)

// TestSameAsSupervisor makes the same random calls to Python Supervisor and to this one,
// with the same random programs, and compares every answer and the state after it.
// SUPERVISOR_DIFFERENTIAL is the number of sequences, SUPERVISOR_DIFFERENTIAL_SEED
// the first seed. It does not run by default: some answers of Python Supervisor
// depend on how far its main loop has got.
func TestSameAsSupervisor(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: needs Debian's Supervisor")
	}
	e2e.Need(t, "/usr/bin/supervisord", "/usr/bin/supervisorctl")
	sequences, seed := envInt("SUPERVISOR_DIFFERENTIAL", 0), envInt("SUPERVISOR_DIFFERENTIAL_SEED", int(time.Now().Unix()))
	if sequences == 0 {
		t.Skip("SKIPPED: make differential runs it")
	}
	lanes := make(chan struct{}, envInt("SUPERVISOR_DIFFERENTIAL_LANES", 4))
	var all sync.WaitGroup
	defer all.Wait()
	for i := range sequences {
		lanes <- struct{}{}
		all.Go(func() {
			defer func() { <-lanes }()
			t.Run(fmt.Sprintf("seed %d", seed+i), func(t *testing.T) { newComparison(t, uint64(seed+i)).run() })
		})
	}
}

func envInt(variable string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return n
	}
	return otherwise
}

const stepsPerRun = 30

// comparison is the two daemons and what was done to them.
type comparison struct {
	t        *testing.T
	random   *rand.Rand
	sides    [2]*side
	programs []string // names of processes, some of which don't exist
	groups   []string
	steps    []string // calls so far, for the report
}

// side is one of the two daemons.
type side struct {
	name        string
	daemon, ctl string
	dir         string
	client      *xmlrpc.Client
	process     *exec.Cmd
}

func newComparison(t *testing.T, seed uint64) *comparison {
	d := &comparison{t: t, random: rand.New(rand.NewPCG(seed, seed))}
	text := d.randomConfig()
	d.sides = [2]*side{
		{name: "Supervisor", daemon: "/usr/bin/supervisord", ctl: "/usr/bin/supervisorctl"},
		{name: "ours", daemon: "supervisord", ctl: "supervisorctl"},
	}
	for _, s := range d.sides {
		s.start(t, text)
	}
	return d
}

func (s *side) start(t *testing.T, text string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "comparison")
	if err != nil {
		t.Fatal(err)
	}
	s.dir = dir
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.WriteFile(filepath.Join(dir, "c.conf"), []byte(strings.ReplaceAll(text, "@DIR@", dir)), 0o644); err != nil {
		t.Fatal(err)
	}
	s.process = exec.Command(s.daemon, "-n", "-s", "-c", filepath.Join(dir, "c.conf"))
	s.process.Dir = dir
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.killAll()
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
	})
	if s.client, err = xmlrpc.NewClient("unix://"+dir+"/s.sock", "", ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.client.Close() })
	if !e2e.Poll(func() bool { var state any; return s.call("supervisor.getState", &state) == nil }) {
		t.Fatalf("%s does not answer", s.name)
	}
}

// killAll kills the process groups that the daemon has started.
func (s *side) killAll() {
	for _, i := range s.infos() {
		if i.PID > 0 {
			_ = syscall.Kill(-i.PID, syscall.SIGKILL)
		}
	}
}

func (s *side) call(method string, reply any, args ...any) error {
	ctx, cancel := context.WithTimeout(context.Background(), e2e.Timeout)
	defer cancel()
	return s.client.Call(ctx, method, reply, args...)
}

func (s *side) infos() []api.ProcessInfo {
	var infos []api.ProcessInfo
	_ = s.call("supervisor.getAllProcessInfo", &infos)
	return infos
}

// testCommands are the commands of programs. They end at once, or when they are stopped.
var testCommands = []string{
	"/bin/cat", "/bin/cat", "/bin/sleep 1000", "/bin/true", "/bin/false", "/bin/sh -c 'echo out; echo err >&2; exit 3'",
	"/bin/sh -c 'echo ready; exec cat'", `/bin/sh -c "trap 'exit 7' USR1 TERM; echo up; while :; do sleep 0.05; done"`,
	"/no/such/file", "nosuchcommand -x", "/tmp", "/bin/sh -c 'unfinished",
}

// randomConfig writes a configuration with random programs and groups.
func (d *comparison) randomConfig() string {
	r := d.random
	var b strings.Builder
	b.WriteString(`[supervisord]
logfile=@DIR@/sup.log
pidfile=@DIR@/sup.pid
childlogdir=@DIR@
[unix_http_server]
file=@DIR@/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://@DIR@/s.sock
`)
	var loose, grouped []string
	for i := range 2 + r.IntN(4) {
		name := fmt.Sprintf("p%d", i)
		count := 1
		if r.IntN(4) == 0 {
			count = 2
		}
		group := name
		if r.IntN(3) == 0 {
			group, grouped = "g", append(grouped, name)
		} else {
			loose = append(loose, name)
		}
		for n := range count {
			process := name
			if count > 1 {
				process = fmt.Sprintf("%s_%d", name, n)
			}
			full := group + ":" + process
			if group == process {
				full = process
			}
			d.programs = append(d.programs, full)
		}
		d.randomProgram(&b, name, count)
	}
	d.groups = loose
	if len(grouped) > 0 {
		d.groups = append(d.groups, "g")
		fmt.Fprintf(&b, "[group:g]\nprograms=%s\npriority=%d\n", strings.Join(grouped, ","), r.IntN(3))
	}
	d.programs = append(d.programs, "nope", "g:nope", "p0:*", "")
	d.groups = append(d.groups, "nope")
	return b.String()
}

func (d *comparison) randomProgram(b *strings.Builder, name string, count int) {
	r := d.random
	command := testCommands[r.IntN(len(testCommands))]
	fmt.Fprintf(b, "[program:%s]\ncommand=%s\n", name, command)
	if count > 1 {
		fmt.Fprintf(b, "numprocs=%d\nprocess_name=%%(program_name)s_%%(process_num)d\n", count)
	}
	choose := func(option string, values ...string) {
		if v := values[r.IntN(len(values))]; v != "" {
			fmt.Fprintf(b, "%s=%s\n", option, v)
		}
	}
	ends := slices.Contains([]string{"/bin/true", "/bin/false"}, command) || strings.Contains(command, "exit 3")
	if ends {
		// A program that ends at once and is always restarted has no final state. With
		// startsecs=0, Python Supervisor may or may not have noticed the exit when it
		// answers.
		b.WriteString("autorestart=false\nstartsecs=5\n")
	} else {
		choose("autorestart", "", "true", "false", "unexpected")
		b.WriteString("startsecs=0\n")
	}
	b.WriteString("startretries=0\n")
	choose("autostart", "", "true", "false")
	choose("priority", "", "1", "5", "999")
	choose("exitcodes", "", "0,3", "7", "")
	choose("stopsignal", "", "TERM", "INT", "KILL", "USR1")
	b.WriteString("stopwaitsecs=2\n")
	choose("stopasgroup", "", "true")
	choose("redirect_stderr", "", "true")
	choose("stdout_logfile", "", "NONE", "@DIR@/"+name+".log")
	choose("directory", "", "/", "@DIR@")
}

// run does random steps with both daemons until they differ.
func (d *comparison) run() {
	if !d.awaitSameState("start") {
		return
	}
	for range stepsPerRun {
		what, do := d.randomStep()
		d.steps = append(d.steps, what)
		before := [2][]api.ProcessInfo{d.sides[0].infos(), d.sides[1].infos()}
		var got [2]string
		for i, s := range d.sides {
			got[i] = s.normalize(do(s))
		}
		if got[0] != got[1] {
			d.report("answer to "+what, got[0], got[1])
			return
		}
		if strings.Contains(what, "ignal") {
			d.awaitSignals(before)
		}
		if !d.awaitSameState(what) {
			return
		}
	}
}

// randomStep chooses a step. It returns its description and how to do it.
func (d *comparison) randomStep() (string, func(*side) string) {
	r := d.random
	name := d.programs[r.IntN(len(d.programs))]
	group := d.groups[r.IntN(len(d.groups))]
	sig := []string{"HUP", "TERM", "SIGKILL", "9", "usr1", "BOGUS", "0"}[r.IntN(7)]
	switch r.IntN(22) {
	case 0, 1, 2:
		return rpcStep("startProcess", name, true)
	case 3, 4, 5:
		return rpcStep("stopProcess", name, true)
	case 6:
		return rpcStep("startProcessGroup", group, true)
	case 7:
		return rpcStep("stopProcessGroup", group, true)
	case 8:
		return rpcStep([]string{"startAllProcesses", "stopAllProcesses"}[r.IntN(2)], true)
	case 9, 10:
		return rpcStep("signalProcess", name, sig)
	case 11:
		return rpcStep("signalProcessGroup", group, sig)
	case 12:
		return rpcStep("getProcessInfo", name)
	case 13:
		return rpcStep("sendProcessStdin", name, "some text\n")
	case 14:
		return rpcStep([]string{"readProcessStdoutLog", "readProcessStderrLog", "tailProcessStdoutLog"}[r.IntN(3)], name, r.IntN(9)-2, r.IntN(5)*r.IntN(40)-1)
	case 15:
		return rpcStep([]string{"removeProcessGroup", "addProcessGroup"}[r.IntN(2)], group)
	case 16:
		return rpcStep([]string{"reloadConfig", "getState", "getIdentification", "getAPIVersion"}[r.IntN(4)])
	case 17:
		return rpcStep("getAllConfigInfo")
	default:
		return ctlStep(d.randomCtlLine(name, group, sig))
	}
}

// randomCtlLine chooses a command line of supervisorctl.
func (d *comparison) randomCtlLine(name, group, sig string) string {
	lines := []string{
		"status", "status " + name, "status " + group + ":*", "start " + name, "stop " + name, "restart " + name,
		"start " + group + ":*", "stop " + group + ":*", "signal " + sig + " " + name, "pid " + name, "tail " + name,
		"avail", "reread", "update", "clear p0", "add " + group, "remove " + group, "start all", "stop all", "start", "tail",
	}
	return lines[d.random.IntN(len(lines))]
}

func rpcStep(method string, args ...any) (string, func(*side) string) {
	return fmt.Sprintf("%s%v", method, args), func(s *side) string {
		var reply any
		err := s.call("supervisor."+method, &reply, args...)
		var fault *xmlrpc.Fault
		switch {
		case errors.As(err, &fault):
			return fmt.Sprintf("fault %d %s", fault.Code, fault.Text)
		case err != nil:
			return err.Error()
		}
		if list, ok := reply.([]any); ok && strings.Contains(fmt.Sprint(reply), " status:") {
			return unordered(list)
		}
		if method == "getAllConfigInfo" {
			reply = withoutAutorestart(reply) // Debian's version has no such member
		}
		return fmt.Sprintf("%v", reply)
	}
}

// unordered sorts results. The daemons list them in the order of completion, which
// depends on the main loop of Python Supervisor.
func unordered(list []any) string {
	var lines []string
	for _, e := range list {
		lines = append(lines, fmt.Sprint(e))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func withoutAutorestart(reply any) any {
	list, _ := reply.([]any)
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			delete(m, "autorestart")
		}
	}
	return list
}

func ctlStep(line string) (string, func(*side) string) {
	return "ctl " + line, func(s *side) string {
		cmd := exec.Command(s.ctl, append([]string{"-c", filepath.Join(s.dir, "c.conf")}, strings.Fields(line)...)...)
		out, _ := cmd.CombinedOutput()
		lines := strings.Split(string(out), "\n")
		if !strings.HasPrefix(line, "tail") {
			slices.Sort(lines) // for the same reason as in unordered
		}
		return fmt.Sprintf("%s\nexit %d", strings.Join(lines, "\n"), cmd.ProcessState.ExitCode())
	}
}

var (
	anyPID     = regexp.MustCompile(`pid[: ][1-9]\d*`)
	anyUptime  = regexp.MustCompile(`uptime \d+:\d\d:\d\d`)
	anyDate    = regexp.MustCompile(`[A-Z][a-z][a-z] \d\d \d\d:\d\d [AP]M`)
	anySeconds = regexp.MustCompile(`\b(start|stop|now):[1-9]\d*`)
	anyAuto    = regexp.MustCompile(`---supervisor-\w+\.log`)
	barePID    = regexp.MustCompile(`(?m)^[1-9]\d*$`)
)

// normalize replaces what differs between two daemons, such as pids and times.
func (s *side) normalize(text string) string {
	text = strings.ReplaceAll(text, s.dir, "DIR")
	text = anyPID.ReplaceAllString(text, "pid PID")
	text = anyUptime.ReplaceAllString(text, "uptime")
	text = anyDate.ReplaceAllString(text, "DATE")
	text = anySeconds.ReplaceAllString(text, "$1:TIME")
	text = anyAuto.ReplaceAllString(text, "---AUTO.log")
	return barePID.ReplaceAllString(text, "PID")
}

// stateText is the state of all processes, a line each.
func (s *side) stateText() string {
	var lines []string
	for _, i := range s.infos() {
		lines = append(lines, fmt.Sprintf("%s:%s %s exit %d err %q pid %v started %v stopped %v", i.Group, i.Name, i.StateName,
			i.ExitStatus, i.SpawnErr, i.PID > 0, i.Start > 0, i.Stop > 0))
	}
	return s.normalize(strings.Join(lines, "\n"))
}

// awaitSameState waits until both daemons have the same state, and no process is about
// to change its own. The main loop of Python Supervisor is up to a second late.
func (d *comparison) awaitSameState(what string) bool {
	var states [2]string
	same := func() bool {
		states = [2]string{d.sides[0].stateText(), d.sides[1].stateText()}
		return states[0] == states[1] && !strings.Contains(states[0], "ING exit") || strings.Count(states[0], "RUNNING exit")+
			strings.Count(states[0], "STARTING exit 0 err \"\" pid true") == strings.Count(states[0], "ING exit") && states[0] == states[1] &&
			!strings.Contains(states[0], "BACKOFF")
	}
	if e2e.Poll(same) {
		return true
	}
	d.report("state after "+what, states[0], states[1])
	return false
}

// awaitSignals waits until the same processes have ended by a signal on both sides, and
// no other one has for 200 ms.
func (d *comparison) awaitSignals(before [2][]api.ProcessInfo) {
	limit := time.Now().Add(3 * time.Second)
	var since time.Time // when both sides became equal
	for time.Now().Before(limit) {
		gone := [2]map[string]bool{}
		for i := range d.sides {
			gone[i] = make(map[string]bool)
			for _, p := range before[i] {
				if p.PID > 0 && !e2e.Alive(p.PID) {
					gone[i][p.Group+":"+p.Name] = true
				}
			}
		}
		switch {
		case !maps.Equal(gone[0], gone[1]) || !d.bothNoticed(before, gone[0]):
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > 200*time.Millisecond:
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// bothNoticed reports whether both daemons have noticed that the processes have ended.
func (d *comparison) bothNoticed(before [2][]api.ProcessInfo, gone map[string]bool) bool {
	for i, s := range d.sides {
		old := make(map[string]int)
		for _, p := range before[i] {
			old[p.Group+":"+p.Name] = p.PID
		}
		for _, p := range s.infos() {
			if name := p.Group + ":" + p.Name; gone[name] && p.PID == old[name] {
				return false
			}
		}
	}
	return true
}

func (d *comparison) report(what, theirs, ours string) {
	text, _ := os.ReadFile(filepath.Join(d.sides[1].dir, "c.conf"))
	logs := ""
	for _, s := range d.sides {
		log, _ := os.ReadFile(filepath.Join(s.dir, "sup.log"))
		logs += fmt.Sprintf("--- log of %s\n%s", s.name, log)
	}
	d.t.Errorf("%s (-Supervisor +ours):\n%s\nafter:\n  %s\nconfiguration:\n%s\n%s", what,
		cmp.Diff(strings.Split(theirs, "\n"), strings.Split(ours, "\n")), strings.Join(d.steps, "\n  "), text, logs)
}
