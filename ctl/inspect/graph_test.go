package inspect

import (
	"strings"
	"testing"

	"supervisor/supervisord/api"
)

func TestDotGraph(t *testing.T) {
	t.Parallel()
	got := dotGraph([]api.Dependencies{
		{Name: "db", StateName: "RUNNING"},
		{Name: "g:web", StateName: "STOPPED", Needs: []api.Dependency{{Text: "db!", On: []string{"db"}, Condition: "ready", Together: true}}, WaitFor: []string{"tcp://x:1"}},
	})
	for _, want := range []string{`"g:web" [label="g:web\nSTOPPED"]`, `"g:web" -> "db" [label="ready", style=bold]`, `"g:web" -> "tcp://x:1"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in\n%s", want, got)
		}
	}
}
