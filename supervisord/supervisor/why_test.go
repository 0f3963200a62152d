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

func TestPoliciesHearOfChangesAndExplain(t *testing.T) {
	inWorld(t, configOf(program("a", 1)), func(t *testing.T, w *world) {
		pass(2 * time.Second)
		causes, err := w.Why("a")
		if err != nil || len(causes) != 1 || causes[0].Kind != "state" || causes[0].Text == "" {
			t.Errorf("why a: %v, %v", causes, err)
		}
		w.Explain(func(p *process.Process) []api.Cause {
			return []api.Cause{{Kind: "probe", Text: p.Config.Name + " is fine"}}
		})
		causes, _ = w.Why("a")
		if want := (api.Cause{Kind: "probe", Text: "a is fine"}); !slices.Contains(causes, want) {
			t.Errorf("the explanation is missing: %v", causes)
		}
		if all := w.AllCauses(); !slices.Equal(all["a"], causes) {
			t.Errorf("all: %v", all)
		}
		if _, err := w.Why("b"); err == nil {
			t.Error("what there is not has no fault")
		}
	})
}

// refusing lets nobody be born.
type refusing struct{}

func (refusing) Provide() (process.Provision, error) {
	return process.Provision{}, errors.New("not today")
}

// TestProvidersAreAskedForEachProcess: whoever adds to births is asked of each
// process that is made, also of one that comes later.
func TestProvidersAreAskedForEachProcess(t *testing.T) {
	conf := configOf(program("a", 1), program("b", 2))
	inWorld(t, conf, func(t *testing.T, w *world) {
		var asked []string
		w.Provide(func(c *config.Process) process.Provider {
			asked = append(asked, c.Name)
			if c.Name == "late" {
				return refusing{}
			}
			return nil
		})
		later := configOf(program("a", 1), program("b", 2), program("late", 3))
		w.fresh = func() (*config.Config, error) { return later, nil }
		if _, err := w.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.AddGroup(t.Context(), "late"); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if !slices.Equal(asked, []string{"late"}) {
			t.Errorf("asked of %v", asked)
		}
		causes, err := w.Why("late")
		if err != nil || !slices.Contains(causes, api.Cause{Kind: "exit", Text: "not today"}) {
			t.Errorf("why: %v, %v", causes, err)
		}
	})
}
