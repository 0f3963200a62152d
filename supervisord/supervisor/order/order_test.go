package order

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/system/boottime"
)

// fake is a process at one moment.
type fake struct {
	conf *config.Process
	st   process.Status
}

func (f *fake) FullName() string               { return f.conf.Name }
func (f *fake) CurrentConfig() *config.Process { return f.conf }
func (f *fake) Status() *process.Status        { return &f.st }

// situation is processes by name.
type situation map[string]*fake

// newSituation reads lines as "web>db:ready,cache:started? EXITED:1 waiting": what a
// process depends on, its state with an exit status, and words for other parts of its
// status or configuration.
func newSituation(t *testing.T, text string) (situation, *Graph[*fake], []*fake) {
	t.Helper()
	all := make(situation)
	var list []*fake
	for line := range strings.SplitSeq(text, ";") {
		words := strings.Fields(line)
		name, needs, _ := strings.Cut(words[0], ">")
		f := &fake{conf: &config.Process{Group: name, Name: name, Program: name, Autostart: true, ExitCodes: []int{0}}}
		f.conf.DependsTimeout = 30 * time.Second
		for need := range strings.SplitSeq(needs, ",") {
			if need != "" {
				f.conf.DependsOn = append(f.conf.DependsOn, dependency(t, need))
			}
		}
		for _, word := range words[1:] {
			f.set(t, word)
		}
		all[name] = f
		list = append(list, f)
	}
	return all, New(list), list
}

func dependency(t *testing.T, text string) config.Dependency {
	t.Helper()
	d := config.Dependency{Text: text}
	text, d.Together = strings.CutSuffix(text, "!")
	text, d.Soft = strings.CutSuffix(text, "?")
	name, condition, _ := strings.Cut(strings.ReplaceAll(text, "_", " "), ":")
	d.Name = name
	for c := config.ConditionReady; c <= config.ConditionReadyOrSuccess; c++ {
		if c.String() == condition {
			d.Condition = c
		}
	}
	return d
}

func (f *fake) set(t *testing.T, word string) {
	t.Helper()
	state, status, _ := strings.Cut(word, ":")
	switch word {
	case "manual":
		f.conf.Autostart = false
		return
	case "waiting":
		f.st.WaitingFor = "something"
		return
	case "due":
		f.st.StartDue = true
		return
	case "probe":
		f.conf.WaitFor = []config.Probe{{Text: "tcp://db:1"}}
		return
	case "spawned":
		f.st.PID = 7
		return
	case "delayed":
		f.conf.Restart.Delay = time.Minute
		return
	case "again":
		f.st.StartPending, f.st.StartPendingBy = true, "health"
		return
	}
	for _, st := range []states.Process{
		states.Stopped, states.Starting, states.Running, states.Backoff, states.Stopping, states.Exited, states.Fatal, states.Unknown,
	} {
		if st.String() == state {
			f.st.State, f.st.Started = st, boottime.At(time.Unix(1, 0))
			f.st.ExitStatus, _ = strconv.Atoi(status)
			return
		}
	}
	t.Fatalf("%s is not a word of a situation", word)
}

func names(list []*fake) string {
	words := make([]string, len(list))
	for i, f := range list {
		words[i] = f.conf.Name
	}
	return strings.Join(words, " ")
}

func TestUnmet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ situation, want string }{
		{"web>db", "db:ready hard unreachable: and db is not in use"},
		{"web>db; db RUNNING", ""},
		{"web>db; db STARTING spawned", "db:ready hard: and db is STARTING"},
		{"web>db:started; db STARTING spawned", ""},
		{"web>db:started; db STARTING", "db:started hard: and db is STARTING"},
		{"web>db:started; db EXITED:1", ""},
		{"web>db; db BACKOFF", "db:ready hard: and db is BACKOFF"},
		{"web>db; db FATAL", "db:ready hard unreachable: and db is FATAL"},
		{"web>db?; db FATAL", "db:ready unreachable: and db is FATAL"},
		{"web>db; db STOPPED", "db:ready hard unreachable: and db is STOPPED"},
		{"web>db; db", "db:ready hard: and db is STOPPED"},
		{"web>db; db manual", "db:ready hard unreachable: and db is STOPPED"},
		{"web>db; db STOPPED waiting", "db:ready hard: and db is STOPPED, waiting for something"},
		{"web>job:success; job EXITED:0", ""},
		{"web>job:success; job EXITED:3", "job:success hard unreachable: and job is EXITED with status 3"},
		{"web>job:success; job EXITED:3 due", "job:success hard: and job is EXITED with status 3"},
		{"web>job:ready_or_success; job RUNNING", ""},
		{"web>a,b; a RUNNING; b FATAL", "b:ready hard unreachable: and b is FATAL"},
		{"web>a; a>b STOPPED waiting; b FATAL", "a:ready hard unreachable: which needs b:ready, and b is FATAL"},
		{"web>a; a>b? STOPPED waiting; b FATAL", "a:ready hard: and a is STOPPED, waiting for something"},
		{"web>a; a>web STOPPED waiting", "a:ready hard: and a is STOPPED, waiting for something"}, // a cycle ends
	} {
		all, g, _ := newSituation(t, tt.situation)
		var got []string
		for _, u := range g.AllUnmet(all["web"]) {
			text := u.What
			if u.Hard {
				text += " hard"
			}
			if u.Unreachable {
				text += " unreachable"
			}
			got = append(got, text+": "+u.Message)
		}
		if got := strings.Join(got, ", "); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.situation, got, tt.want)
		}
	}
}

// TestDecide has a row for each situation of the start of web, which waits.
func TestDecide(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		situation string
		words     string // late, requested, wanted
		want      Decision
	}{
		{"web>db STOPPED; db RUNNING", "", Decision{Action: Supersede}},
		{"web>db STOPPING waiting; db RUNNING", "", Decision{WaitingFor: "something"}},
		{"web>db STOPPED waiting; db RUNNING", "", Decision{Action: Start}},
		{"web>db STOPPED waiting; db STARTING", "", Decision{WaitingFor: "db:ready"}},
		{"web>db STOPPED waiting; db STARTING", "late", Decision{Action: TimeOut, Reason: "db was not ready within 30s"}},
		{"web>db? STOPPED waiting; db STARTING", "", Decision{WaitingFor: "db:ready"}},
		{"web>db? STOPPED waiting; db STARTING", "late", Decision{Action: Start}},
		{"web>db? STOPPED waiting; db FATAL", "", Decision{Action: Start}},
		{"web>db STOPPED waiting; db FATAL", "", Decision{WaitingFor: "db:ready"}},
		{"web>db STOPPED waiting; db FATAL", "wanted", Decision{WaitingFor: "db:ready"}},
		{"web>db STOPPED waiting; db FATAL", "requested", Decision{Action: CancelStart, WaitingFor: "db:ready", Reason: "it needs db:ready, and db is FATAL"}},
		{"web>db STOPPED waiting; db FATAL", "requested wanted", Decision{WaitingFor: "db:ready", Reason: "it needs db:ready, and db is FATAL"}},
		{"web>a,b STOPPED waiting; a STARTING; b STARTING", "", Decision{WaitingFor: "a:ready, b:ready"}},
		{"web>a,b? STOPPED waiting; a STARTING; b STARTING", "late", Decision{Action: TimeOut, Reason: "a was not ready within 30s"}},
		{"web>job:success STOPPED waiting; job RUNNING", "late", Decision{Action: TimeOut, Reason: "job had not succeeded within 30s"}},
	} {
		all, g, _ := newSituation(t, tt.situation)
		web := all["web"]
		d := Deferred{
			Config: web.conf, Status: &web.st, Unmet: g.AllUnmet(web),
			Late: strings.Contains(tt.words, "late"), Requested: strings.Contains(tt.words, "requested"), Wanted: strings.Contains(tt.words, "wanted"),
		}
		if got := d.Decide(); got != tt.want {
			t.Errorf("%s (%s)\n got %+v\nwant %+v", tt.situation, tt.words, got, tt.want)
		}
	}
}

func TestProbeDelaysStart(t *testing.T) {
	t.Parallel()
	all, g, _ := newSituation(t, "web STOPPED waiting probe")
	if !g.HasToWait(all["web"]) {
		t.Error("a process with wait_for= starts at once")
	}
	d := Deferred{Config: all["web"].conf, Status: &all["web"].st, Unmet: []*Unmet{UnmetProbe("tcp://db:1", "refused")}}
	if got := d.Decide(); got != (Decision{WaitingFor: "tcp://db:1"}) {
		t.Errorf("got %+v", got)
	}
	d.Late = true
	if got := d.Decide(); got != (Decision{Action: TimeOut, Reason: "tcp://db:1 was not there within 30s"}) {
		t.Errorf("got %+v", got)
	}
}

func TestPullIn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ situation, deferred, want string }{
		{"web>db; db RUNNING", "", ""},
		{"web>db; db STOPPED", "", "db for web"},
		{"web>db; db STARTING", "", ""},
		{"web>db; db UNKNOWN", "", ""},
		{"web>php; php>db STOPPED; db STOPPED", "", "db for php, php for web waits"},
		{"web>php; php>db STOPPED; db STOPPED", "php", "db for php"},
		{"web>a,b; a>c STOPPED; b>c STOPPED; c STOPPED", "", "c for a, a for web waits, b for web waits"},
		{"web>db; db STOPPED probe", "", "db for web waits"},
		{"web>a; a>web STOPPED", "", "web for a waits, a for web waits"}, // a cycle ends
	} {
		all, g, _ := newSituation(t, tt.situation)
		var got []string
		for pull := range g.PullIn(all["web"], func(f *fake) bool { return f.conf.Name == tt.deferred }) {
			text := pull.Process.conf.Name + " for " + pull.For.conf.Name
			if pull.HasToWait {
				text += " waits"
			}
			got = append(got, text)
		}
		if got := strings.Join(got, ", "); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.situation, got, tt.want)
		}
	}
}

// TestPullInSeesEarlierStarts: what has just been started may be all that the next one
// needs.
func TestPullInSeesEarlierStarts(t *testing.T) {
	t.Parallel()
	all, g, _ := newSituation(t, "web>php; php>db:started STOPPED; db STOPPED")
	var got []string
	for pull := range g.PullIn(all["web"], func(*fake) bool { return false }) {
		got = append(got, fmt.Sprint(pull.Process.conf.Name, " ", pull.HasToWait))
		pull.Process.st.State, pull.Process.st.PID = states.Starting, 7
	}
	if got := strings.Join(got, ", "); got != "db false, php false" {
		t.Errorf("got %s", got)
	}
}

func TestStartAndStopOrder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ situation, list, start, before string }{
		{"a; b; c", "c a", "c a", ""},
		{"web>db; db", "web db", "db web", "db after web"},
		{"web>php; php>db; db", "web db", "db web", "db after web"}, // through one that is not in the list
		{"web>php,db; php>db; db", "web php db", "db php web", "db after php web, php after web"},
		{"a>b; b>a", "a b", "b a", "b after a"}, // a cycle is cut somewhere
	} {
		all, g, _ := newSituation(t, tt.situation)
		var list []*fake
		for name := range strings.FieldsSeq(tt.list) {
			list = append(list, all[name])
		}
		if got := names(g.StartOrder(list)); got != tt.start {
			t.Errorf("%s: %s start as %s, want %s", tt.situation, tt.list, got, tt.start)
		}
		var before []string
		for p, others := range g.StopsBefore(list) {
			before = append(before, p.conf.Name+" after "+names(others))
		}
		slices.Sort(before)
		if got := strings.Join(before, ", "); got != tt.before {
			t.Errorf("%s: stops %s, want %s", tt.situation, got, tt.before)
		}
	}
}

// TestShutdown lists what stops at once; "|" is the next step, after all have stopped.
func TestShutdown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ situation, levels, want string }{
		{"a; b; c", "1 1 1", "a b c"},
		{"a; b; c", "1 3 2", "b | c | a"},
		{"web>db; db", "1 9", "web | db"}, // a dependency outranks a level
		{"web>db; db; other", "1 9 5", "other | web | db"},
		{"a>b; b>a", "1 1", "a b"}, // nothing else is possible
		{"a>gone; gone2", "1 1", "a gone2"},
	} {
		all, g, list := newSituation(t, tt.situation)
		var leveled []Leveled[*fake]
		for i, level := range strings.Fields(tt.levels) {
			n, _ := strconv.Atoi(level)
			leveled = append(leveled, Leveled[*fake]{list[i], n})
		}
		s := NewShutdown(g, leveled)
		var steps []string
		for s.Left() > 0 {
			next := s.Next()
			if len(next) == 0 || len(steps) > len(all) {
				t.Fatalf("%s: stuck after %v", tt.situation, steps)
			}
			if len(s.Next()) > 0 {
				t.Errorf("%s: a process is returned twice, or too early", tt.situation)
			}
			steps = append(steps, names(next))
			for _, p := range next {
				s.Stopped(p)
			}
		}
		if got := strings.Join(steps, " | "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.situation, got, tt.want)
		}
	}
}

func TestLostConditions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ before, after, want string }{
		{"RUNNING", "RUNNING", ""},
		{"RUNNING", "STOPPING", "ready started ready or success"},
		{"RUNNING", "EXITED:0", "ready started"},
		{"RUNNING", "EXITED:1", "ready started ready or success"},
		{"STARTING spawned", "RUNNING", ""},
		{"STARTING spawned", "BACKOFF", "started"},
		{"EXITED:0", "STARTING", "success ready or success"},
		{"STOPPED", "RUNNING", ""},
	} {
		all, _, _ := newSituation(t, "before "+tt.before+";after "+tt.after)
		lost := Lost(all["before"].conf, &all["before"].st, &all["after"].st)
		var got []string
		for c := config.ConditionReady; c <= config.ConditionReadyOrSuccess; c++ {
			if lost.Has(c) {
				got = append(got, c.String())
			}
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("from %s to %s: lost %q, want %q", tt.before, tt.after, got, tt.want)
		}
	}
	all, _, _ := newSituation(t, "before RUNNING;after RUNNING")
	all["after"].st.Started = boottime.At(time.Unix(2, 0))
	if lost := Lost(all["before"].conf, &all["before"].st, &all["after"].st); !lost.Has(config.ConditionReady) {
		t.Error("a restart between two looks is not noticed")
	}
}

func TestWhatIsStoppedAndRestarted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status    string
		stoppable bool
		together  Together
	}{
		{"STOPPED", false, Nothing},
		{"STOPPED waiting", true, Nothing},
		{"STARTING", true, StopFirst},
		{"RUNNING", true, StopFirst},
		{"BACKOFF", true, StopFirst},
		{"STOPPING", false, Nothing},
		{"STOPPING waiting", true, Nothing},
		{"STOPPING again", true, Nothing},
		{"EXITED:0", false, Nothing},
		{"EXITED:1 due", false, StartAgain},
		{"EXITED:1 due delayed", true, StartAgain},
		{"FATAL", false, Nothing},
		{"UNKNOWN", false, Nothing},
	} {
		all, _, _ := newSituation(t, "p "+tt.status)
		p := all["p"]
		if got := IsStoppable(p.conf, &p.st); got != tt.stoppable {
			t.Errorf("%s: stoppable is %t", tt.status, got)
		}
		if got := RestartTogether(&p.st); got != tt.together {
			t.Errorf("%s: restarted together is %d, want %d", tt.status, got, tt.together)
		}
	}
}
