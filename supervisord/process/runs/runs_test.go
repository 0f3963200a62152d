package runs_test

import (
	"encoding/json"
	"reflect"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/process/runs"
	"supervisor/supervisord/system/boottime"
)

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	var h runs.History
	var before []runs.Run
	for pid := range 50 {
		h.Add(runs.Run{PID: pid})
		if pid == 30 {
			before = h.Runs()
		}
	}
	list := h.Runs()
	if len(list) != runs.MaxRuns || list[0].PID != 30 || list[len(list)-1].PID != 49 {
		t.Errorf("%d runs, the first %d, the last %d", len(list), list[0].PID, list[len(list)-1].PID)
	}
	if before[0].PID != 11 || before[len(before)-1].PID != 30 {
		t.Error("what Runs has returned has changed")
	}
	h.Restore(append(list, runs.Run{PID: 50}))
	if list := h.Runs(); len(list) != runs.MaxRuns || list[0].PID != 31 || list[len(list)-1].PID != 50 {
		t.Errorf("restored: %d runs, the first %d, the last %d", len(list), list[0].PID, list[len(list)-1].PID)
	}
}

func TestRestartsAreCountedForAnHour(t *testing.T) {
	t.Parallel()
	var h runs.History
	now := time.Unix(1_800_000_000, 0)
	if n := h.RestartsInLastHour(now); n != 0 {
		t.Errorf("%d restarts before the first", n)
	}
	for i := range 240 { // two each minute
		h.CountRestart(now.Add(time.Duration(i) * 30 * time.Second))
	}
	end := now.Add(239 * 30 * time.Second)
	for ago, want := range map[time.Duration]int{0: 120, 30 * time.Minute: 60, 59 * time.Minute: 2, 2 * time.Hour: 0} {
		if n := h.RestartsInLastHour(end.Add(ago)); n < want-2 || n > want+2 {
			t.Errorf("%s later: %d restarts, want about %d", ago, n, want)
		}
	}
}

// TestRestartsAreCountedAfterARestore: as far as the runs say.
func TestRestartsAreCountedAfterARestore(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var list []runs.Run
	for _, ago := range []time.Duration{3 * time.Hour, 50 * time.Minute, 20 * time.Minute, 10 * time.Minute} {
		list = append(list, runs.Run{Started: boottime.At(now.Add(-ago)), IsRestart: ago != 20*time.Minute})
	}
	var h runs.History
	h.Restore(list)
	if n := h.RestartsInLastHour(now); n != 2 {
		t.Errorf("%d restarts, want 2", n)
	}
}

func TestRunInWords(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]runs.Run{
		"exit status 3":                              {Code: 3},
		"terminated by SIGSEGV (core dumped)":        {Code: -1, Signal: syscall.SIGSEGV, Core: true},
		"terminated by SIGKILL":                      {Code: -1, Signal: syscall.SIGKILL, StoppedBy: "an operator"},
		"not started: can't find command '/no/such'": {SpawnErr: "can't find command '/no/such'"},
		"terminated by SIGKILL, which supervisord did not send; the kernel does that when memory runs out": {Code: -1, Signal: syscall.SIGKILL},
	} {
		if got := r.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestRunAsJSON: a later daemon reads what this one records.
func TestRunAsJSON(t *testing.T) {
	t.Parallel()
	want := runs.Run{
		PID: 7, Started: boottime.At(time.Now().Add(-time.Minute).Round(0)), Ended: boottime.At(time.Now().Round(0)), StartedBy: "a", IsRestart: true, StoppedBy: "b",
		Code: -1, Signal: 9, Core: true, SpawnErr: "c", Expected: true, MaxRSS: 1, CPU: 2,
		Stdout: runs.Output{1, 2, 3, 4}, Stderr: runs.Output{5, 6, 7, 8},
	}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got runs.Run
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if !got.Started.Equal(want.Started) || !got.Ended.Equal(want.Ended) || got.Duration().Round(time.Second) != time.Minute {
		t.Errorf("times %s and %s, want %s and %s", got.Started, got.Ended, want.Started, want.Ended)
	}
	got.Started, got.Ended = want.Started, want.Ended
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if data, _ := json.Marshal(runs.Run{Code: 1}); string(data) != `{"Code":1}` {
		t.Errorf("a small run is %s", data)
	}
}
