package events_test

import (
	"testing"

	"supervisor/supervisord/events"
)

// tree is the list of types with those above each, as Supervisor documents it.
var tree = map[events.Type][]events.Type{
	events.Any:                     {},
	events.ProcessState:            {events.Any},
	events.ProcessStateStarting:    {events.ProcessState, events.Any},
	events.ProcessStateRunning:     {events.ProcessState, events.Any},
	events.ProcessStateBackoff:     {events.ProcessState, events.Any},
	events.ProcessStateStopping:    {events.ProcessState, events.Any},
	events.ProcessStateExited:      {events.ProcessState, events.Any},
	events.ProcessStateStopped:     {events.ProcessState, events.Any},
	events.ProcessStateFatal:       {events.ProcessState, events.Any},
	events.ProcessStateUnknown:     {events.ProcessState, events.Any},
	events.ProcessLog:              {events.Any},
	events.ProcessLogStdout:        {events.ProcessLog, events.Any},
	events.ProcessLogStderr:        {events.ProcessLog, events.Any},
	events.ProcessCommunication:    {events.Any},
	events.ProcessCommunicationOut: {events.ProcessCommunication, events.Any},
	events.ProcessCommunicationErr: {events.ProcessCommunication, events.Any},
	events.RemoteCommunication:     {events.Any},
	events.SupervisorStateChange:   {events.Any},
	events.SupervisorRunning:       {events.SupervisorStateChange, events.Any},
	events.SupervisorStopping:      {events.SupervisorStateChange, events.Any},
	events.Tick:                    {events.Any},
	events.Tick5:                   {events.Tick, events.Any},
	events.Tick60:                  {events.Tick, events.Any},
	events.Tick3600:                {events.Tick, events.Any},
	events.ProcessGroup:            {events.Any},
	events.ProcessGroupAdded:       {events.ProcessGroup, events.Any},
	events.ProcessGroupRemoved:     {events.ProcessGroup, events.Any},
}

func TestTypes(t *testing.T) {
	t.Parallel()
	for typ, ancestors := range tree {
		if !typ.Known() {
			t.Errorf("%s is not known", typ)
		}
		want := map[events.Type]bool{typ: true}
		for _, a := range ancestors {
			want[a] = true
		}
		for other := range tree {
			if got := typ.Is(other); got != want[other] {
				t.Errorf("%s is %s: %v", typ, other, got)
			}
		}
	}
	for _, unknown := range []events.Type{"", "PROCESS", "event", "TICK_6"} {
		if unknown.Known() || unknown.Is(events.Any) {
			t.Errorf("%q is known", unknown)
		}
	}
}

func TestTypesIsComplete(t *testing.T) {
	t.Parallel()
	seen := make(map[events.Type]bool)
	for _, e := range events.Types() {
		if _, ok := tree[e]; !ok || seen[e] {
			t.Errorf("%s is listed", e)
		}
		for _, ancestors := range tree[e] {
			if !seen[ancestors] {
				t.Errorf("%s is listed before %s", e, ancestors)
			}
		}
		seen[e] = true
	}
	if len(seen) != len(tree) {
		t.Errorf("%d are listed, not %d", len(seen), len(tree))
	}
}
