package rpc

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/tools/testkit"
)

const catLog = "a<b>&\"c\" ]]> ø ☃ 😀\ttab\n"

// newTestHandler returns a handler that calls a fake, and its log.
func newTestHandler(t testing.TB) (*fake, http.Handler, *testkit.Log) {
	t.Helper()
	f := &fake{mood: states.DaemonRunning, log: catLog}
	readRecorded(t, "getAllProcessInfo", &f.infos)
	readRecorded(t, "getAllConfigInfo", &f.configs)
	l := newLog()
	h, err := New(Options{Services: f.services(), Namespaces: []string{"supervisor"}, Version: "4.4.0.dev0", Log: l.Logger()})
	if err != nil {
		t.Fatal(err)
	}
	return f, h, l
}

func newLog() *testkit.Log { return &testkit.Log{Level: logs.LevelTrace, WithLevels: true} }

func post(h http.Handler, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/RPC2", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// call makes a call by XML-RPC.
func call(h http.Handler, reply any, method string, params ...any) error {
	var e xmlrpc.Encoder
	body, err := e.Call(nil, method, params...)
	if err != nil {
		return err
	}
	w := post(h, "text/xml", string(body))
	if w.Code != 200 {
		return fmt.Errorf("status %d", w.Code)
	}
	return xmlrpc.DecodeResponse(w.Body.Bytes(), reply)
}

// callJSON makes a call by JSON-RPC.
func callJSON(h http.Handler, reply any, method, params string) error {
	w := post(h, "application/json; charset=utf-8", fmt.Sprintf(`{"jsonrpc": "2.0", "id": 7, "method": %q, "params": %s}`, method, params))
	var answer struct {
		Version string `json:"jsonrpc"`
		ID      int
		Result  json.RawMessage
		Error   *struct {
			Code    int
			Message string
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		return fmt.Errorf("%d, %q: %w", w.Code, w.Body, err)
	}
	if w.Code != 200 || answer.Version != "2.0" || answer.ID != 7 {
		return fmt.Errorf("status %d, %s", w.Code, w.Body)
	}
	if answer.Error != nil {
		return &xmlrpc.Fault{Code: faults.Code(answer.Error.Code), Text: answer.Error.Message}
	}
	return json.Unmarshal(answer.Result, reply)
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	_, h, _ := newTestHandler(t)
	for name, body := range map[string]string{"empty": "", "not UTF-8": "\xff", "no XML": "<", "JSON": `{"jsonrpc": "2.0", "method": "supervisor.getState"}`} {
		if w := post(h, "text/xml", body); w.Code != 400 || w.Body.Len() != 0 {
			t.Error(name, w.Code, w.Body)
		}
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "OPTIONS", "post"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/RPC2", strings.NewReader("x")))
		if w.Code != 400 {
			t.Error(method, w.Code)
		}
	}
}

// TestContentTypeOtherThanJSONIsXML sends XML with all kinds of types, as clients do.
func TestContentTypeOtherThanJSONIsXML(t *testing.T) {
	t.Parallel()
	_, h, _ := newTestHandler(t)
	body := "<methodCall><methodName>supervisor.getAPIVersion</methodName></methodCall>"
	for _, typ := range []string{"", "text/xml", "text/xml; charset=utf-8", "application/xml", "application/x-www-form-urlencoded", "nonsense"} {
		if w := post(h, typ, body); w.Code != 200 || w.Header().Get("Content-Type") != "text/xml" {
			t.Errorf("%q: %d", typ, w.Code)
		}
	}
	for _, typ := range []string{"application/json", "Application/JSON;charset=utf-8", "application/json-rpc"} {
		if w := post(h, typ, body); !strings.Contains(w.Body.String(), "-32700") {
			t.Errorf("%q: %s", typ, w.Body)
		}
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	_, h, l := newTestHandler(t)
	call(h, nil, "supervisor.getState")
	call(h, nil, "supervisor.getProcessInfo", "nope")
	call(h, nil, "a\nb")
	post(h, "", "hel'lo\n\x00ø\u0085\u2028\U000e0001\\")
	post(h, "", "<methodCall/>")
	post(h, "", strings.Repeat("ø\"'", 10_000))
	call(h, nil, "supervisor.sendRemoteCommEvent", "panic", "oh\ndear")
	want := []string{
		"-8 XML-RPC method called: supervisor.getState()",
		"-8 XML-RPC method supervisor.getState() returned successfully",
		"-8 XML-RPC method called: supervisor.getProcessInfo()",
		"-8 XML-RPC method supervisor.getProcessInfo() returned fault: [10] BAD_NAME: nope",
		"-8 XML-RPC method called: a\uFFFDb()",
		"-8 XML-RPC method a\uFFFDb() returned fault: [1] UNKNOWN_METHOD",
		`8 XML-RPC request data "hel'lo\n\x00ø\x85\u2028\U000e0001\\" is invalid: unmarshallable`,
		"8 XML-RPC request data '<methodCall/>' is invalid: no method name",
	}
	list := l.Lines()
	if d := cmp.Diff(want, list[:len(want)]); d != "" {
		t.Error(d)
	}
	rest := list[len(want):]
	if len(rest) != 3 || len(rest[0]) > 6000 || !strings.HasSuffix(rest[0], "... is invalid: unmarshallable") {
		t.Errorf("%.200q", rest)
	}
	if !strings.HasPrefix(rest[2], "12 Handling XML-RPC request with data \"<?xml") || !strings.Contains(rest[2], "raised an unexpected exception: oh\ndear\n") {
		t.Error(rest[2])
	}
}

func TestPanicsAreInternalErrors(t *testing.T) {
	t.Parallel()
	_, h, _ := newTestHandler(t)
	if err := call(h, nil, "supervisor.sendRemoteCommEvent", "panic", "x"); err == nil || err.Error() != "status 500" {
		t.Error(err)
	}
}
