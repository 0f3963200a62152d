package rpc

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api"
)

func TestDependMethods(t *testing.T) {
	t.Parallel()
	f, h, _ := newTestHandler(t)
	var needs []api.Dependencies
	if err := call(h, &needs, "supervisor.getDependencies"); err != nil || len(needs) != 1 || needs[0].Needs[0].On[0] != "db" {
		t.Errorf("%v, %v", needs, err)
	}
	var left []string
	if err := call(h, &left, "supervisor.getUnstopped"); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	if err := call(h, nil, "supervisor.shutdownWithin", 1500); err != nil {
		t.Error(err)
	}
	_ = f
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
