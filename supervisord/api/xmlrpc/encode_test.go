package xmlrpc

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
)

func TestValues(t *testing.T) {
	t.Parallel()
	type named string
	tests := []struct {
		name string
		v    any
		want string
	}{
		{"nil", nil, "<nil/>"},
		{"true", true, "<boolean>1</boolean>"},
		{"false", false, "<boolean>0</boolean>"},
		{"int", -7, "<int>-7</int>"},
		{"named int", states.Running, "<int>20</int>"},
		{"largest", math.MaxInt32, "<int>2147483647</int>"},
		{"too large", int64(5 << 30), "<int>2147483647</int>"},
		{"too small", math.MinInt32 - 1, "<int>-2147483648</int>"},
		{"double", 0.5, "<double>0.5</double>"},
		{"large double", 1e21, "<double>1000000000000000000000</double>"},
		{"time", time.Date(2026, 11, 22, 16, 34, 30, 0, time.UTC), "<dateTime.iso8601>20261122T16:34:30</dateTime.iso8601>"},
		{"string", "abc", "<string>abc</string>"},
		{"named string", named("abc"), "<string>abc</string>"},
		{"markup", `a<b>&"c'`, "<string>a&lt;b&gt;&amp;\"c'</string>"},
		{"layout", "\ta\nb\r\n", "<string>\ta\nb&#13;\n</string>"},
		{"not ASCII", "ø ☃ 😀", "<string>ø ☃ 😀</string>"},
		{"control", "\x1b[1m\x00\x7f", "<string>\uFFFD[1m\uFFFD\x7f</string>"},
		{"not UTF-8", "a\xff\xfeb", "<string>a\uFFFD\uFFFDb</string>"},
		{"half a character", "\x98\x83 ☃"[1:], "<string>\uFFFD ☃</string>"},
		{"surrogate", "\xed\xa0\x80", "<string>\uFFFD\uFFFD\uFFFD</string>"},
		{"not a character", "\uFFFE\uFFFF", "<string>\uFFFD\uFFFD</string>"},
		{"replacement", "\uFFFD", "<string>\uFFFD</string>"},
		{"empty array", []any{}, "<array><data>\n</data></array>"},
		{"nil slice", []string(nil), "<array><data>\n</data></array>"},
		{"array", []any{1, "a"}, "<array><data>\n<value><int>1</int></value>\n<value><string>a</string></value>\n</data></array>"},
		{"ints", []int{0, 2}, "<array><data>\n<value><int>0</int></value>\n<value><int>2</int></value>\n</data></array>"},
		{"map", map[string]any{"b": 1, "a<": true}, "<struct>\n<member>\n<name>a&lt;</name>\n<value><boolean>1</boolean></value>\n</member>\n" +
			"<member>\n<name>b</name>\n<value><int>1</int></value>\n</member>\n</struct>"},
		{"struct", struct {
			B string `json:"b"`
			a int
			C any `json:"c,omitempty"`
			D int
			E int `json:"-"`
		}{B: "x", a: 1, C: false}, "<struct>\n<member>\n<name>b</name>\n<value><string>x</string></value>\n</member>\n" +
			"<member>\n<name>c</name>\n<value><boolean>0</boolean></value>\n</member>\n</struct>"},
		{"struct with something left out", struct {
			B string `json:"b"`
			C any    `json:"c,omitempty"`
			D string `json:"d,omitempty"`
		}{B: "x", D: "y"}, "<struct>\n<member>\n<name>b</name>\n<value><string>x</string></value>\n</member>\n" +
			"<member>\n<name>d</name>\n<value><string>y</string></value>\n</member>\n</struct>"},
		{"struct of what may be left out", struct {
			C any `json:"c,omitempty"`
		}{}, "<struct>\n</struct>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var e Encoder
			for range 2 { // the second time by the cached plan
				got, err := e.value(nil, tt.v)
				if want := "<value>" + tt.want + "</value>"; err != nil || string(got) != want {
					t.Errorf("got %q, %v, want %q", got, err, want)
				}
			}
		})
	}
}

func TestValuesWithoutWireForm(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		func() {}, make(chan int), []any{complex(1, 1)}, map[string]any{"a": new(int)},
		struct {
			A func() `json:"a"`
		}{},
		[]any{map[string]any{"a": []chan int{}}},
	} {
		var e Encoder
		if got, err := e.Response(nil, v); err == nil {
			t.Errorf("%T became %s", v, got)
		}
	}
}

func TestResponseLayout(t *testing.T) {
	t.Parallel()
	var e Encoder
	got, err := e.Response([]byte("before"), api.StateInfo{Code: states.DaemonRunning, Name: "RUNNING"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `before<?xml version='1.0'?>
<methodResponse>
<params>
<param>
<value><struct>
<member>
<name>statecode</name>
<value><int>1</int></value>
</member>
<member>
<name>statename</name>
<value><string>RUNNING</string></value>
</member>
</struct></value>
</param>
</params>
</methodResponse>
`
	if string(got) != want {
		t.Errorf("got\n%s", got)
	}
}

func TestFaultLayout(t *testing.T) {
	t.Parallel()
	const want = `<?xml version='1.0'?>
<methodResponse>
<fault>
<value><struct>
<member>
<name>faultCode</name>
<value><int>10</int></value>
</member>
<member>
<name>faultString</name>
<value><string>BAD_NAME: a&amp;b</string></value>
</member>
</struct></value>
</fault>
</methodResponse>
`
	if got := AppendFault(nil, 10, "BAD_NAME: a&b"); string(got) != want {
		t.Errorf("got\n%s", got)
	}
}

func TestCallLayout(t *testing.T) {
	t.Parallel()
	var e Encoder
	got, err := e.Call(nil, "supervisor.startProcess", "a", true)
	const want = `<?xml version='1.0'?>
<methodCall>
<methodName>supervisor.startProcess</methodName>
<params>
<param>
<value><string>a</string></value>
</param>
<param>
<value><boolean>1</boolean></value>
</param>
</params>
</methodCall>
`
	if err != nil || string(got) != want {
		t.Errorf("%v, got\n%s", err, got)
	}
	if _, err := e.Call(nil, "m", 1, func() {}); err == nil || !strings.HasPrefix(err.Error(), "parameter 2 of m") {
		t.Error(err)
	}
}

// infos returns the answer of getAllProcessInfo for n processes.
func infos(n int) []api.ProcessInfo {
	list := make([]api.ProcessInfo, n)
	for i := range list {
		name := fmt.Sprintf("worker_%04d", i)
		log := "/var/log/supervisor/" + name + "-stdout---supervisor-abcdefgh.log"
		list[i] = api.ProcessInfo{Name: name, Group: "worker", Start: 1795370583, Now: 1795370588, State: states.Running,
			StateName: "RUNNING", Logfile: log, StdoutLogfile: log, StderrLogfile: log, PID: 4000 + i,
			Description: "pid 17261, uptime 0:00:05"}
	}
	return list
}

func BenchmarkEncode1000ProcessInfos(b *testing.B) {
	var e Encoder
	list := infos(1000)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = e.Response(buf[:0], list)
	}
	b.SetBytes(int64(len(buf)))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/info")
}

// TestPlainRunEndsAtAnyOtherByte tries every byte at every position, because eight positions
// are tested at once.
func TestPlainRunEndsAtAnyOtherByte(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 20 {
			text := []byte(strings.Repeat("/", 20))
			text[at] = byte(c)
			want := 20
			if !plain(byte(c)) {
				want = at
			}
			if got := plainRun(string(text)); got != want {
				t.Errorf("byte %#x at %d: %d bytes are plain, want %d", c, at, got, want)
			}
		}
	}
}
