package events_test

import (
	"testing"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/events"
)

// The texts are Supervisor's, to the byte: listeners parse them.
func TestPayloads(t *testing.T) {
	t.Parallel()
	change := func(from, to states.Process) events.Change {
		return events.Change{Process: "p", Group: "g", From: from, To: to, Tries: 2, PID: 77}
	}
	exited := change(states.Running, states.Exited)
	exited.Expected = true
	for _, tt := range []struct {
		what, got, want string
	}{
		{"starting", change(states.Backoff, states.Starting).Payload(), "processname:p groupname:g from_state:BACKOFF tries:2"},
		{"backoff", change(states.Starting, states.Backoff).Payload(), "processname:p groupname:g from_state:STARTING tries:2"},
		{"running", change(states.Starting, states.Running).Payload(), "processname:p groupname:g from_state:STARTING pid:77"},
		{"stopping", change(states.Running, states.Stopping).Payload(), "processname:p groupname:g from_state:RUNNING pid:77"},
		{"stopped", change(states.Stopping, states.Stopped).Payload(), "processname:p groupname:g from_state:STOPPING pid:77"},
		{"exited", change(states.Running, states.Exited).Payload(), "processname:p groupname:g from_state:RUNNING expected:0 pid:77"},
		{"exited as expected", exited.Payload(), "processname:p groupname:g from_state:RUNNING expected:1 pid:77"},
		{"fatal", change(states.Backoff, states.Fatal).Payload(), "processname:p groupname:g from_state:BACKOFF"},
		{"unknown", change(states.Stopping, states.Unknown).Payload(), "processname:p groupname:g from_state:STOPPING"},
		{"log", events.LogPayload("p", "g", 5, "stderr", []byte("é\xff\n")), "processname:p groupname:g pid:5 channel:stderr\né\xff\n"},
		{"communication", events.CommunicationPayload("p", "g", 5, []byte("a\x00b")), "processname:p groupname:g pid:5\na\x00b"},
		{"remote", events.RemotePayload("k:ind", "da\nta"), "type:k:ind\nda\nta"},
		{"empty remote", events.RemotePayload("", ""), "type:\n"},
		{"group", events.GroupPayload("g"), "groupname:g\n"},
		{"tick", events.TickPayload(1795362075), "when:1795362075"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.what, tt.got, tt.want)
		}
	}
}

func TestChangeTypes(t *testing.T) {
	t.Parallel()
	for _, s := range states.All {
		if typ := (events.Change{To: s}).Type(); typ.Known() != true || !typ.Is(events.ProcessState) {
			t.Errorf("a change to %s is a %q", s, typ)
		}
	}
}
