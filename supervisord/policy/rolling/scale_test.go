package rolling_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/supervisor"
)

func TestScale(t *testing.T) {
	const others = "[program:one]\ncommand=/bin/sh good\n[group:g]\nprograms=x,y\n" +
		"[program:x]\ncommand=/bin/sh good\nprocess_name=x%(process_num)02d\nnumprocs_start=9\nautostart=false\n[program:y]\ncommand=/bin/sh good\n" +
		"[eventlistener:l]\ncommand=/bin/sh good\nevents=TICK_5\nprocess_name=l%(process_num)d\n"
	withDaemon(t, web+others, func(w *testDaemon) {
		before := w.pids()
		scale := func(name, to string) string { return w.finish(w.operations.Scale(name, to)) }
		w.check("up", scale("web", "6"), "web:web_4: started; web:web_5: started")
		w.check("the same", scale("web", "6"), "")
		w.check("one more", scale("web:web", "+1"), "web:web_6: started")
		w.stopDelay["web_6"] = 2 * time.Second
		w.check("fewer", scale("web:*", "-2"), "web:web_6: removed; web:web_5: removed")
		if want := []config.Scale{{Group: "web", Section: "program:web", Numprocs: 5, Of: 4}}; !slices.Equal(w.Scales(), want) {
			t.Errorf("scales: %v", w.Scales())
		}
		if at := slices.IndexFunc(w.scaled, func(s config.Scale) bool { return s.Surplus > 0 }); w.scaled[at].Surplus != 2 || w.scaled[at].Numprocs != 7 {
			t.Errorf("what is to go was recorded as %v", w.scaled)
		}
		w.check("none", scale("web", "0"), "web:web_4: removed; web:web_3: removed; web:web_2: removed; web:web_1: removed; web:web_0: removed")
		w.check("from none", scale("web", "4"), "web:web_0: started; web:web_1: started; web:web_2: started; web:web_3: started")
		if len(w.Scales()) > 0 {
			t.Errorf("scales: %v", w.Scales())
		}
		w.check("numbers", scale("x", "+1"), "g:x10: added") // the others of it do not run
		w.check("in a group", scale("g:x", "1"), "g:x10: removed")
		kept, _, _ := strings.Cut(before, "web_0")
		now, _, _ := strings.Cut(w.pids(), "web_0")
		w.check("others", now, kept)
		for _, tt := range []struct{ name, to, want string }{
			{"nobody", "1", "BAD_NAME: nobody"},
			{"web:nobody", "1", "BAD_NAME: web:nobody"},
			{"one", "2", "FAILED: one can't have more than one process: its process_name has no %(process_num)d"},
			{"l", "2", "FAILED: l can't be scaled: the processes of an event listener share a queue"},
			{"web", "x", `INCORRECT_PARAMETERS: "x" is no number of processes: it is one as in 8, +2 or -1`},
			{"web", "", `INCORRECT_PARAMETERS: "" is no number of processes: it is one as in 8, +2 or -1`},
			{"web", "-5", "INCORRECT_PARAMETERS: -5 of 4 leaves less than none"},
			{"web", "10001", "INCORRECT_PARAMETERS: 10001 processes are too many, 10000 is the most"},
		} {
			w.check(fmt.Sprint(tt.name, tt.to), scale(tt.name, tt.to), "refused: "+tt.want)
		}
		w.check("to none", scale("one", "0"), "one: removed")
		w.check("to one", scale("one", "1"), "one: started")
	})
}

func TestScaleProgramInSeveralGroups(t *testing.T) {
	withDaemon(t, web+"[group:a]\nprograms=web\n[group:b]\nprograms=web\n", func(w *testDaemon) {
		w.check("refused", w.finish(w.operations.Scale("web", "+1")), "refused: FAILED: web is in several groups, name one: a:web, b:web")
		w.check("named", w.finish(w.operations.Scale("b:web", "+1")), "b:web_4: started")
	})
}

func TestFailedScaleIsReported(t *testing.T) {
	withDaemon(t, web, func(w *testDaemon) {
		w.setFailing("web_4")
		w.check("lines", w.finish(w.operations.Scale("web", "6")), "web:web_4: ERROR (Exited too quickly); web:web_5: started")
	})
}

// TestScaleRequiresRunningConfig: new processes must have the configuration of the others.
func TestScaleRequiresRunningConfig(t *testing.T) {
	withDaemon(t, web, func(w *testDaemon) {
		w.writeConfig(strings.ReplaceAll(web, "good", "better") + "[program:new]\ncommand=/bin/sh\n")
		w.check("another command", w.finish(w.operations.Scale("web", "+1")),
			"web: ERROR (the configuration of web is not what runs (command): update first)")
		w.writeConfig(web + "numprocs=x\n")
		if got := w.finish(w.operations.Scale("web", "+1")); !strings.HasPrefix(got, "web: ERROR (CANT_REREAD: ") {
			t.Error(got)
		}
		w.writeConfig(web + "[program:new]\ncommand=/bin/sh\n")
		w.check("another program", w.finish(w.operations.Scale("web", "+1")), "web:web_4: started")
	})
}

// TestScaleLastsUntilUpdate: and it does not prevent an upgrade.
func TestScaleLastsUntilUpdate(t *testing.T) {
	withDaemon(t, web, func(w *testDaemon) {
		before := w.pids()
		w.check("scale", w.finish(w.operations.Scale("web", "6")), "web:web_4: started; web:web_5: started")
		if err := w.Upgrade(w.t.Context(), ""); err != nil {
			t.Errorf("an upgrade is refused: %v", err)
		}
		changes, err := w.Reload(w.t.Context())
		if err != nil || !slices.Equal(changes.Changed, []string{"web"}) {
			t.Errorf("changes: %+v, %v", changes, err)
		}
		if err := w.Upgrade(w.t.Context(), ""); err != nil {
			t.Errorf("after a reread an upgrade is refused: %v", err)
		}
		// Taking it back needs no restart, whatever the granularity of updates.
		if why, err := w.Why("web:web_0"); err != nil || why[len(why)-1].Text != "web has 6 processes, its file says 4" {
			t.Errorf("why: %v, %v", why, err)
		}
		w.check("update", w.finish(w.operations.Update("web", false, nil)),
			"web:web_4: removed; web:web_5: removed; web: updated process group")
		w.check("processes", w.pids(), before)
		if len(w.Scales()) > 0 {
			t.Errorf("scales: %v", w.Scales())
		}
		w.check("again", w.finish(w.operations.Scale("web", "5")), "web:web_4: started")
		w.reread()
		if _, err := w.StopGroup(w.t.Context(), "web", supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		if err := w.RemoveGroup(w.t.Context(), "web"); err != nil {
			t.Fatal(err)
		}
		if err := w.AddGroup(w.t.Context(), "web"); err != nil {
			t.Fatal(err)
		}
		if len(w.Scales()) > 0 {
			t.Errorf("scales of a new group: %v", w.Scales())
		}
	})
}
