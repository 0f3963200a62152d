package recovery

import (
	"maps"
	"os"
	"testing"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/survivors"
	"supervisor/supervisord/system/boottime"
)

// TestOwnerOf: what decides whose child a survivor is, with and without a trace of the
// daemon before.
func TestOwnerOf(t *testing.T) {
	t.Parallel()
	const mine, theirs = "unix:///a.sock", "unix:///b.sock"
	uid := os.Geteuid()
	p := &config.Process{Group: "web", Name: "web", Command: "serve -p '8 0'", Environment: config.Environment{{Name: "A", Value: "program's"}}}
	variables := map[string]string{"A": "program's", "B": "daemon's", "OTHER": "x"}
	ok := survivors.Survivor{UID: uid, Session: 70, Command: []string{"/bin/sh", "/opt/serve", "-p", "8 0"}}
	other := ok
	other.Command = []string{"nginx: master process"}
	for _, tt := range []struct {
		what           string
		s              survivors.Survivor
		change         func(*survivors.Survivor)
		serverURL, url string
		trust          previousRun
		before         int
		want           owner
	}{
		{what: "recorded since", s: other, serverURL: mine, url: mine, trust: recorded, want: ours},
		{what: "recorded since, no servers", s: other, trust: recorded, want: ours},
		{what: "another address", s: ok, serverURL: theirs, url: mine, trust: recorded, want: others},
		{what: "another address after a crash", s: ok, serverURL: theirs, url: mine, trust: crashed, before: 70, want: others},
		{what: "after a crash", s: other, serverURL: mine, url: mine, trust: crashed, want: ours},
		{what: "after a crash, output elsewhere", s: other, change: func(s *survivors.Survivor) { s.Redirected = true }, serverURL: mine, url: mine, trust: crashed, want: unclear},
		{what: "output elsewhere, our command", s: ok, change: func(s *survivors.Survivor) { s.Redirected = true }, serverURL: mine, url: mine, trust: crashed, want: ours},
		{what: "after a crash, another user", s: ok, change: func(s *survivors.Survivor) { s.UID = uid + 1 }, serverURL: mine, url: mine, trust: crashed, want: unclear},
		{what: "another user, the daemon's session", s: ok, change: func(s *survivors.Survivor) { s.UID = uid + 1 }, serverURL: mine, url: mine, trust: crashed, before: 70, want: ours},
		{what: "no trace of a daemon, our command", s: ok, serverURL: mine, url: mine, want: ours},
		{what: "no trace of a daemon, another command", s: other, serverURL: mine, url: mine, want: unclear},
		{what: "no servers", s: ok, want: ours},
		{what: "no servers, another command", s: other, trust: crashed, want: unclear},
		{what: "no servers, the daemon's session", s: other, trust: crashed, before: 70, want: ours},
		{what: "no servers, another session", s: other, trust: crashed, before: 71, want: unclear},
		{what: "no servers, another variable", s: ok, change: func(s *survivors.Survivor) { s.Variables["B"] = "another's" }, trust: crashed, want: unclear},
		{what: "servers since", s: ok, url: mine, trust: crashed, want: ours},
		{what: "a parent that may be its daemon", s: ok, change: func(s *survivors.Survivor) { s.ParentUnknown = true }, serverURL: mine, url: mine, trust: recorded, want: unclear},
	} {
		s := tt.s
		s.Variables = maps.Clone(variables)
		s.Variables["SUPERVISOR_GROUP_NAME"], s.Variables["SUPERVISOR_PROCESS_NAME"] = "web", "web"
		if tt.serverURL != "" {
			s.Variables["SUPERVISOR_SERVER_URL"] = tt.serverURL
		}
		if tt.change != nil {
			tt.change(&s)
		}
		c := &Claim{evidence: evidence{previous: tt.trust, previousPID: tt.before}, Config: &config.Config{
			Supervisord: config.Supervisord{ServerURL: tt.url, Environment: config.Environment{{Name: "A", Value: "daemon's"}, {Name: "B", Value: "daemon's"}}},
			Groups:      []*config.Group{{Name: "web", Processes: []*config.Process{p}}},
		}}
		if got := c.ownerOf(&s); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.what, got, tt.want)
		}
	}
}

// TestSurvivorIgnoresSavedStop: a child that was spawned after the last line of the
// journal is not the one whose stop that line records.
func TestSurvivorIgnoresSavedStop(t *testing.T) {
	t.Parallel()
	restarts := []boottime.Time{boottime.At(time.Now())}
	c := &Claim{Config: &config.Config{}, Processes: make(map[string]*process.Saved)}
	left := &process.Saved{}
	counts := machine.RestartCounts{Tries: 2, RestartsInRow: 3, Restarts: &restarts}
	left.Status = machine.Status{
		State: states.Stopping, Hook: machine.PostStop, RestartCounts: counts,
		ChildStatus:  machine.ChildStatus{PID: 1 << 30},
		PendingStart: machine.PendingStart{WaitingFor: "db:ready", StartPending: true, StartDue: true},
		StopProgress: machine.StopProgress{LeaderExited: true, StopStep: 2},
	}
	c.Processes["web"] = left
	c.addSurvivor("web", survivors.Survivor{Orphan: spawn.Orphan{PID: os.Getpid()}})
	past := left.Status
	past.Started, past.Reason = boottime.Time{}, ""
	if want := (machine.Status{State: states.Starting, ChildStatus: machine.ChildStatus{PID: os.Getpid()}, RestartCounts: counts}); past != want {
		t.Errorf("it is %+v, want %+v", past, want)
	}
}
