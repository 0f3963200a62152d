package recovery

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/recovery/journal"
	"supervisor/supervisord/system/descriptors"
)

// The golden files were written by the last version whose handover had form 1, with a
// process in each situation: testdata/handover-v1.json by an upgrade, and
// testdata/journal-v1.state a moment before.

func goldenHandover(t *testing.T) *Handover {
	t.Helper()
	data, err := os.ReadFile("testdata/handover-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	h, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestVersion1Descriptors: each descriptor of form 1 gets its key.
func TestVersion1Descriptors(t *testing.T) {
	t.Parallel()
	want := descriptors.Set{
		"pidfile":                                 18,
		"server/unix:/tmp/gD/s.sock/listener":     22,
		"server/unix:/tmp/gD/s.sock/connection/0": 23,
		"server/unix:/tmp/gD/s.sock/connection/1": 20,
		"socket/unix:/tmp/gD/listen.sock":         9,
		"notify/socket notify":                    24,
		"process/php:php/socket":                  39,
	}
	for name, fds := range map[string][3]int{
		"lis:lis": {21, 15, 16}, "notify:notify": {13, 14, 17}, "php:php": {-1, 25, 26}, "sock:sock": {29, 30, 31},
		"web:web_0": {32, 33, 34}, "web:web_1": {36, 37, 38},
	} {
		for i, stream := range []string{"stdin", "stdout", "stderr"} {
			want.Put("process/"+name+"/"+stream, fds[i])
		}
	}
	if diff := cmp.Diff(want, goldenHandover(t).Descriptors); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestVersion1: what form 1 says of processes, pools and servers is kept, and survives
// the present form.
func TestVersion1(t *testing.T) {
	t.Parallel()
	h := goldenHandover(t)
	data, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	again, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	for form, h := range map[string]*Handover{"1": h, "2": again} {
		if diff := cmp.Diff(goldenProcesses, describe(h)); diff != "" {
			t.Errorf("form %s (-want +got):\n%s", form, diff)
		}
		pool := h.Pools["lis"]
		if pool.Serial != 55 || len(pool.Queue) != 10 || len(pool.Members) != 1 || pool.Members[0].Event == nil || len(h.Pools) != 1 {
			t.Errorf("form %s: the pools are %+v", form, h.Pools)
		}
		server := h.Servers[0]
		if len(h.Servers) != 1 || server.Inode != 10224142 || string(server.Conns[0].Read) != "POST /RPC2 HT" || len(server.Conns[1].Read) != 0 {
			t.Errorf("form %s: the servers are %+v", form, h.Servers)
		}
		if len(h.Sockets) != 1 || h.Sockets[0].Section != "socket:listen" || h.Sockets[0].Inode != 10224173 {
			t.Errorf("form %s: the sockets are %+v", form, h.Sockets)
		}
		if child := h.Health.Children["notify"]; child.PID != 3691 || child.Note.Status != "fine" || len(h.Health.Endpoints) != 1 {
			t.Errorf("form %s: the health is %+v", form, h.Health)
		}
		if h.Upgrades != 1 || h.Serial != 55 || h.Comm != "supervisord" || h.Files == nil || string(h.Origin.Cwd) != "/tmp/gD" {
			t.Errorf("form %s: %+v", form, h)
		}
	}
}

var goldenProcesses = map[string]string{
	"lis":     "RUNNING 3686 1866777 8368636/8368637/8368640 started by autostart",
	"backoff": "BACKOFF 0 0 0/0/0 exit status 3 came sooner than startsecs allows; attempt 7 of 100 in 7s, due, row 7",
	"exits":   "EXITED 0 0 0/0/0 exit status 1 was not expected; autorestart is false",
	"fatal":   "FATAL 0 0 0/0/0 given up after 2 attempts (startretries is 1): it could not be started: can't find command '/nonexistent/x', row 1",
	"hook":    "STARTING 0 0 0/0/0 started by autostart, hook pre_start",
	"limit":   "FATAL 0 0 0/0/0 given up: 5 restarts within 1h (restart_limit); the last time exit status 3 was not expected, row 5, 5 restarts",
	"notify":  "RUNNING 3691 1866778 8368664/8368665/8368667 started by autostart, ready, healthy",
	"php":     "RUNNING 3693 1866778 0/8368673/8368675 started by autostart",
	"sock":    "RUNNING 3694 1866778 8368679/8368680/8368682 started by autostart",
	"stopped": "STOPPED 0 0 0/0/0 not started: autostart is false",
	"web_0":   "RUNNING 3697 1866778 8368692/8368693/8368695 started by autostart, stopped within 60s",
	"web_1":   "STOPPING 3701 1866778 8368699/8368700/8368702 being stopped by an operator, stopped within 60s",
}

// describe puts what is known of the processes into words.
func describe(h *Handover) map[string]string {
	all := make(map[string]string)
	for _, s := range h.Processes {
		text := fmt.Sprintf("%s %d %d %d/%d/%d %s", s.Status.State, s.PID, s.StartTime, s.Stdin, s.Stdout, s.Stderr, s.Reason)
		for what, is := range map[string]bool{", due": s.StartDue, ", ready": s.Ready, ", hook pre_start": s.Hook == 1} {
			if is {
				text += what
			}
		}
		if s.RestartsInRow > 0 {
			text += fmt.Sprintf(", row %d", s.RestartsInRow)
		}
		if s.Restarts != nil {
			text += fmt.Sprintf(", %d restarts", len(*s.Restarts))
		}
		if s.Health != "" {
			text += ", " + string(s.Health)
		}
		if s.Stop != nil {
			text += fmt.Sprintf(", stopped within %ds", s.Stop.Wait)
		}
		all[s.Name] = text
	}
	return all
}

// TestNewerHandoverIsRefused: a form that this version does not know is refused.
func TestNewerHandoverIsRefused(t *testing.T) {
	t.Parallel()
	_, err := decode([]byte(`{"Version": 3, "Groups": {}}`))
	if want := "the running supervisord is newer than this one: its handover has the form 3, not 2"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// TestVersion1Journal: the journal of the last version before the states were unified
// says the same as its handover.
func TestVersion1Journal(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/journal-v1.state")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "journal.state")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	record, err := journal.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	handedOver := goldenHandover(t)
	byName := make(map[string]int)
	for i, s := range handedOver.Processes {
		byName[s.Name] = i
	}
	if len(record.Entries) != len(byName) || record.Damage != "" || record.PID != 3673 {
		t.Fatalf("%d entries, damage %q, pid %d", len(record.Entries), record.Damage, record.PID)
	}
	for _, entry := range record.Entries {
		if entry.Name == "backoff" || entry.Name == "limit" { // they went on meanwhile
			continue
		}
		want, got := handedOver.Processes[byName[entry.Name]], entry.State
		// Both were read at different times, so their times may differ by little.
		got.Started, got.Ended, got.Deadline, got.ReadyBy, got.ProbeChangedAt = want.Started, want.Ended, want.Deadline, want.ReadyBy, want.ProbeChangedAt
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-handover +journal):\n%s", entry.Name, diff)
		}
	}
}
