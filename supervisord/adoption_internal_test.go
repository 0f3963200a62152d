package supervisord

import (
	"os"
	"testing"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/states"
	"supervisor/supervisord/supervisor"
)

// TestWhatIsRecordedIsNotAboutAChildThatIsFound: a child that was born after the
// last line of the record is not taken for the one whose stop that tells of.
func TestWhatIsRecordedIsNotAboutAChildThatIsFound(t *testing.T) {
	t.Parallel()
	restarts := []time.Time{time.Now()}
	e := &estate{conf: &config.Config{}, left: make(map[string]*supervisor.Estate)}
	left := &supervisor.Estate{}
	left.Past = process.Status{
		State: states.Stopping, PID: 1 << 30, Leaderless: true, Step: 2, Hook: process.PostStop, Waiting: "db:ready", Again: true, Due: true,
		Tries: 2, Row: 3, Restarts: &restarts,
	}
	e.left["web"] = left
	e.addFound("web", spawn.Survivor{Orphan: spawn.Orphan{PID: os.Getpid()}})
	past := left.Past
	past.Started, past.Reason = time.Time{}, ""
	if want := (process.Status{State: states.Starting, PID: os.Getpid(), Tries: 2, Row: 3, Restarts: &restarts}); past != want {
		t.Errorf("it is %+v, want %+v", past, want)
	}
}
