package rpc

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api"
)

func (f *fake) ListenSockets() []api.SocketInfo {
	return []api.SocketInfo{
		{Name: "web", URL: "tcp://0.0.0.0:80", State: "open", Processes: []string{"a", "b:c"}, Waiting: 1, Backlog: 5},
		{Name: "admin", URL: "unix:///s", State: "failed", Error: "why", Processes: []string{}, Waiting: -1, Backlog: -1},
	}
}

func TestGetSockets(t *testing.T) {
	t.Parallel()
	f, h, _ := newTestHandler(t)
	var got []api.SocketInfo
	if err := call(h, &got, "supervisor.getSockets"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f.ListenSockets(), got); diff != "" {
		t.Error(diff)
	}
}
