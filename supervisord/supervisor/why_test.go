package supervisor_test

import (
	"slices"
	"testing"
	"time"

	"supervisor/supervisord/api"
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
