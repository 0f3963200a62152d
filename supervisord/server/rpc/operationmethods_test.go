package rpc

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOperations: operations get the parameters that were sent, and their methods are not
// listed.
func TestOperations(t *testing.T) {
	t.Parallel()
	f, h, _ := newTestHandler(t)
	for _, tt := range []struct{ call, called, answer string }{
		{`{"method":"supervisor.getUpdatePlan"}`, "Plan", `[{"group":"web","change":"changed","whole":"","options":[],"processes":[{"name":"web","effect":"live","options":[{"option":"stopwaitsecs","old":"10","new":"20","effect":"live"}]}]}]`},
		{`{"method":"supervisor.updateProcessGroup","params":["web"]}`, "Update web false map[]", `"2"`},
		{`{"method":"supervisor.updateProcessGroup","params":["web",true,{"batch":2}]}`, "Update web true map[batch:2]", `"2"`},
		{`{"method":"supervisor.updateProcessGroup","params":["web",true,{"batch":[]}]}`, "", ""},
		{`{"method":"supervisor.rollingRestart","params":[["a","b:*"],{"pause":"5s","abort":false}]}`, "Rolling [a b:*] map[abort:False pause:5s]", `"1"`},
		{`{"method":"supervisor.rollingRestart","params":[["a"]]}`, "Rolling [a] map[]", `"1"`},
		{`{"method":"supervisor.rollingRestart","params":[[1]]}`, "", ""},
		{`{"method":"supervisor.rollingRestart","params":[["a"],{"batch":null}]}`, "", ""},
		{`{"method":"supervisor.scaleProgram","params":["web",8]}`, "Scale web 8", `"3"`},
		{`{"method":"supervisor.scaleProgram","params":["web","+2"]}`, "Scale web +2", `"3"`},
		{`{"method":"supervisor.followOperation","params":["7",3]}`, "Follow 7 3", `{"lines":[{"name":"a:b","done":"restarted","error":""}],"next":1,"ended":true,"failed":false}`},
	} {
		body := strings.Replace(tt.call, "{", `{"jsonrpc":"2.0","id":1,`, 1)
		got := post(h, "application/json", body).Body.String()
		if called := strings.Join(f.called(), "; "); called != tt.called {
			t.Errorf("%s: it did %q, want %q", tt.call, called, tt.called)
		}
		_, result, _ := strings.Cut(strings.TrimSpace(got), `"result":`)
		if tt.answer == "" {
			if !strings.Contains(got, "INCORRECT_PARAMETERS") {
				t.Errorf("%s: %s", tt.call, got)
			}
			continue
		}
		if !strings.HasPrefix(result, tt.answer) {
			t.Errorf("%s:\n%s", tt.call, cmp.Diff(tt.answer, result))
		}
	}
	listed := post(h, "application/json", `{"jsonrpc":"2.0","id":1,"method":"system.listMethods"}`).Body.String()
	for _, m := range operationMethods() {
		if strings.Contains(listed, m.name) {
			t.Errorf("%s is listed", m.name)
		}
	}
}
