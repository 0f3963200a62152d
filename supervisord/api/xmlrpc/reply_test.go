package xmlrpc

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
)

// answer returns a response with this value.
func answer(value string) string {
	return "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value>" + value + "</value>\n</param>\n</params>\n</methodResponse>\n"
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	config := api.ConfigInfo{Autostart: true, Autorestart: "unexpected", UID: int64(5), ExitCodes: []int{0, 2}, Command: "<a> & b",
		StdoutLogfileMaxBytes: 50 << 20, StopSignal: 15, ServerURL: "none"}
	state := api.StateInfo{Code: states.DaemonShutdown, Name: "SHUTDOWN"}
	list := infos(3)
	checkRoundTrip(t, config)
	checkRoundTrip(t, state)
	checkRoundTrip(t, list)
	checkRoundTrip(t, []api.CallResult{{Name: "a", Group: "b", Status: 80, Description: "OK"}})
	checkRoundTrip(t, true)
	checkRoundTrip(t, "text")
	checkRoundTrip(t, 0.25)
	checkRoundTrip(t, time.Date(2026, 11, 22, 16, 34, 30, 0, time.UTC))
	checkRoundTrip(t, map[string]any{"a": []any{int64(1), "b", false}})
}

func checkRoundTrip[T any](t *testing.T, v T) {
	t.Helper()
	var e Encoder
	body, err := e.Response(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	var got T
	var target any = &got
	if m, ok := any(v).(map[string]any); ok { // maps are decoded into any
		var loose any
		if err := DecodeResponse(body, &loose); err != nil || !cmp.Equal(any(m), loose) {
			t.Error(loose, err)
		}
		return
	}
	if err := DecodeResponse(body, target); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(v, got); d != "" {
		t.Error(d)
	}
}

func TestDecodeIntoTargets(t *testing.T) {
	t.Parallel()
	t.Run("members that are unknown, missing and in another order", func(t *testing.T) {
		t.Parallel()
		got := api.StateInfo{Code: 7}
		err := DecodeResponse([]byte(answer("<struct><member><name>statename</name><value>X</value></member>"+
			"<member><name>more</name><value><array><data><value/></data></array></value></member>"+
			"<member><name/><value/></member></struct>")), &got)
		if err != nil || got != (api.StateInfo{Code: 7, Name: "X"}) {
			t.Error(got, err)
		}
	})
	t.Run("an array into fields", func(t *testing.T) {
		t.Parallel()
		var tail struct {
			Text     string
			Offset   int64
			Overflow bool
		}
		err := DecodeResponse([]byte(answer("<array><data><value>a</value><value><int>7</int></value>"+
			"<value><boolean>1</boolean></value><value>more</value></data></array>")), &tail)
		if err != nil || tail.Text != "a" || tail.Offset != 7 || !tail.Overflow {
			t.Error(tail, err)
		}
	})
	t.Run("arrays in arrays", func(t *testing.T) {
		t.Parallel()
		list := "<value><array><data><value>a</value></data></array></value>"
		var got []api.Changes
		err := DecodeResponse([]byte(answer("<array><data><value><array><data>"+list+list+"<value><array><data/></array></value></data></array></value></data></array>")), &got)
		if d := cmp.Diff([]api.Changes{{Added: []string{"a"}, Changed: []string{"a"}, Removed: []string{}}}, got); d != "" || err != nil {
			t.Error(d, err)
		}
	})
	t.Run("nil into any", func(t *testing.T) {
		t.Parallel()
		var got any
		if err := DecodeResponse([]byte(answer("<nil/>")), &got); got != nil || err != nil {
			t.Error(got, err)
		}
	})
	t.Run("nowhere", func(t *testing.T) {
		t.Parallel()
		if err := DecodeResponse([]byte(answer("<int>1</int>")), nil); err != nil {
			t.Error(err)
		}
	})
}

func TestDecodeIntoTheWrongTarget(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]struct {
		target any
		body   string
	}{
		"int into string":      {new(string), answer("<int>1</int>")},
		"string into int":      {new(int), answer("1")},
		"too large":            {new(int8), answer("<int>300</int>")},
		"bool into int":        {new(int), answer("<boolean>1</boolean>")},
		"nil into string":      {new(string), answer("<nil/>")},
		"array into string":    {new(string), answer("<array><data/></array>")},
		"struct into slice":    {new([]string), answer("<struct/>")},
		"string into slice":    {new([]string), answer("a")},
		"wrong element":        {new([]int), answer("<array><data><value>a</value></data></array>")},
		"wrong member":         {new(api.StateInfo), answer("<struct><member><name>statecode</name><value>a</value></member></struct>")},
		"call":                 {new(any), "<methodCall><methodName>a</methodName></methodCall>"},
		"nothing":              {new(any), ""},
		"no element":           {new(any), "Internal Server Error"},
		"no param":             {new(any), "<methodResponse><params/></methodResponse>"},
		"empty":                {new(any), "<methodResponse/>"},
		"fault without struct": {new(any), "<methodResponse><fault><value>a</value></fault></methodResponse>"},
		"fault without value":  {new(any), "<methodResponse><fault/></methodResponse>"},
		"cut":                  {new(any), "<methodResponse><params><param><value><array><data><value>a</value>"},
	} {
		err := DecodeResponse([]byte(v.body), v.target)
		if _, ok := errors.AsType[*SyntaxError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFaultUnwrapsToDaemonFault(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]faults.Error{
		"BAD_NAME: a: b":   {Code: faults.BadName, Detail: "a: b"},
		"BAD_NAME":         {Code: faults.BadName},
		"something else":   {Code: faults.BadName},
		"BAD_NAMES: a: b":  {Code: faults.BadName},
		"BAD_NAME: ø <&\r": {Code: faults.BadName, Detail: "ø <&\r"},
	} {
		err := DecodeResponse(AppendFault(nil, faults.BadName, text), nil)
		if err == nil || err.Error() != text {
			t.Errorf("%q became %v", text, err)
		}
		if f, ok := errors.AsType[*faults.Error](err); !ok || *f != want {
			t.Errorf("%q: %v", text, f)
		}
	}
	err := DecodeResponse(AppendFault(nil, 4711, "mine: x"), nil)
	if f, ok := errors.AsType[*Fault](err); !ok || f.Code != 4711 {
		t.Error(err)
	}
}

// FuzzDecodeResponse: no answer of a server makes the decoder panic.
func FuzzDecodeResponse(f *testing.F) {
	var e Encoder
	for _, v := range []any{infos(1), api.ConfigInfo{}, "a", []any{1, true}, nil} {
		body, err := e.Response(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add(AppendFault(nil, 10, "BAD_NAME: a"))
	f.Fuzz(func(t *testing.T, body []byte) {
		var list []api.ProcessInfo
		var changes []api.Changes
		var loose any
		errList, errChanges, errLoose := DecodeResponse(body, &list), DecodeResponse(body, &changes), DecodeResponse(body, &loose)
		if errLoose != nil && (errList == nil || errChanges == nil) {
			t.Errorf("%q: %v, %v, %v", body, errList, errChanges, errLoose)
		}
	})
}

func BenchmarkDecode1000ProcessInfos(b *testing.B) {
	var e Encoder
	body, err := e.Response(nil, infos(1000))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var list []api.ProcessInfo
		if err := DecodeResponse(body, &list); err != nil || len(list) != 1000 {
			b.Fatal(err)
		}
	}
}
