package supervisor_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

func TestWhyIncludesExplanations(t *testing.T) {
	withDaemon(t, configOf(program("a", 1)), func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		reasons, err := w.Why("a")
		if err != nil || len(reasons) != 1 || reasons[0].Kind != "state" || reasons[0].Text == "" {
			t.Errorf("why a: %v, %v", reasons, err)
		}
		w.Explain(func(p *process.Process) []api.Reason {
			return []api.Reason{{Kind: "probe", Text: p.Config.Name + " is fine"}}
		})
		reasons, _ = w.Why("a")
		if want := (api.Reason{Kind: "probe", Text: "a is fine"}); !slices.Contains(reasons, want) {
			t.Errorf("the explanation is missing: %v", reasons)
		}
		if all := w.AllReasons(); !slices.Equal(all["a"], reasons) {
			t.Errorf("all: %v", all)
		}
		if _, err := w.Why("b"); err == nil {
			t.Error("an unknown name has no fault")
		}
	})
}

// failingProvider makes every spawn fail.
type failingProvider struct{}

func (failingProvider) Provide() (process.Provision, error) {
	return process.Provision{}, errors.New("not today")
}

// TestProvidersAreAskedForEachProcess that is made, also one that is added later.
func TestProvidersAreAskedForEachProcess(t *testing.T) {
	conf := configOf(program("a", 1), program("b", 2))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		var asked []string
		w.Provide(func(c *config.Process) process.Provider {
			asked = append(asked, c.Name)
			if c.Name == "late" {
				return failingProvider{}
			}
			return nil
		})
		later := configOf(program("a", 1), program("b", 2), program("late", 3))
		w.loadConfig = func() (*config.Config, error) { return later, nil }
		if _, err := w.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.AddGroup(t.Context(), "late"); err != nil {
			t.Fatal(err)
		}
		advance(time.Second)
		if !slices.Equal(asked, []string{"late"}) {
			t.Errorf("asked for %v", asked)
		}
		reasons, err := w.Why("late")
		if err != nil || !slices.Contains(reasons, api.Reason{Kind: "exit", Text: "not today"}) {
			t.Errorf("why: %v, %v", reasons, err)
		}
	})
}
