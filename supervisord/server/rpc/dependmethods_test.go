package rpc

import (
	"testing"
	"time"

	"supervisor/supervisord/api"
)

func (f *fake) Dependencies() []api.Dependencies {
	f.record("Dependencies")
	return []api.Dependencies{{Name: "web", StateName: "STOPPED", Needs: []api.Dependency{{Text: "db", On: []string{"db"}, Condition: "ready"}}}}
}

func (f *fake) ShutdownWithin(timeout time.Duration) { f.record("ShutdownWithin", timeout) }

func (f *fake) Unstopped() []string {
	f.record("Unstopped")
	return nil
}

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
