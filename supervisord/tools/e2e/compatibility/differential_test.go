package compatibility

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
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
