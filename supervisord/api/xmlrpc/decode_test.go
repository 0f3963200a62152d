package xmlrpc

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// call returns a request with these parameters.
func call(params string) string {
	return "<?xml version='1.0'?>\n<methodCall>\n<methodName>m.n</methodName>\n<params>\n" + params + "</params>\n</methodCall>\n"
}

// callWithParam returns a request with one parameter of this value.
func callWithParam(value string) string {
	return call("<param>\n<value>" + value + "</value>\n</param>\n")
}

func TestDecodeParameters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		value string
		want  any
	}{
		{"int", "<int>-5</int>", int64(-5)},
		{"i4", "<i4> 7\n</i4>", int64(7)},
		{"plus", "<int>+7</int>", int64(7)},
		{"64 bits", "<int>9223372036854775807</int>", int64(math.MaxInt64)},
		{"true", "<boolean>1</boolean>", true},
		{"false", "<boolean>0</boolean>", false},
		{"other booleans", "<boolean>true</boolean>", false},
		{"double", "<double>-1.5e3</double>", -1500.0},
		{"time", "<dateTime.iso8601>20261122T16:34:30</dateTime.iso8601>", time.Date(2026, 11, 22, 16, 34, 30, 0, time.UTC)},
		{"base64", "<base64>b3V0\n IGhpCg==</base64>", "out hi\n"},
		{"string", "<string> a b </string>", " a b "},
		{"empty string", "<string></string>", ""},
		{"closed string", "<string/>", ""},
		{"untyped", "a b", "a b"},
		{"untyped, empty", "", ""},
		{"typed after text", "text<int>1</int>", int64(1)},
		{"first of two", "<int>1</int><int>2</int>", int64(1)},
		{"unknown type", "<i8>12</i8>", "12"},
		{"nil", "<nil/>", nil},
		{"references", "<string>&lt;&amp;&gt;&quot;&apos;&#233;&#x2603;</string>", "<&>\"'é☃"},
		{"reference to a carriage return", "<string>a&#13;b</string>", "a\rb"},
		{"ends of lines", "<string>a\r\nb\rc\n</string>", "a\nb\nc\n"},
		{"CDATA", "<string>a<![CDATA[<&amp;>]]]]><![CDATA[>\r]]>b</string>", "a<&amp;>]]>\nb"},
		{"comments", "<string>a<!-- b -->c<?pi d?>e</string>", "ace"},
		{"attributes", `<string a="1>" b = '"/'>x</string >`, "x"},
		{"not ASCII", "<string>ø😀</string>", "ø😀"},
		{"empty array", "<array><data/></array>", []any{}},
		{"array", "<array>\n<data>\n<value>a</value>\n<value><int>1</int></value></data></array>", []any{"a", int64(1)}},
		{"struct", "<struct><member><name>a</name><value>b</value></member>\n<member><name/><value/></member></struct>",
			map[string]any{"a": "b", "": ""}},
		{"empty struct", "<struct/>", map[string]any{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			method, params, err := DecodeCall([]byte(callWithParam(tt.value)))
			if err != nil || method != "m.n" {
				t.Fatal(method, err)
			}
			if d := cmp.Diff([]any{tt.want}, params); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDecodeCallForms(t *testing.T) {
	t.Parallel()
	const m = "<methodName>m.n</methodName>"
	tests := []struct {
		name, body string
		params     int
	}{
		{"without declaration", "<methodCall>" + m + "</methodCall>", 0},
		{"byte order mark", "\xEF\xBB\xBF<?xml version='1.0'?><methodCall>" + m + "</methodCall>", 0},
		{"closed params", "<methodCall>" + m + "<params/></methodCall>", 0},
		{"two", call("<param><value>a</value></param><param><value>b</value></param>"), 2},
		{"other elements", "<x:call><other><deep>a</deep></other>" + m + "<params></params><!-- c --></x:call>\n<!-- c --><?p?>\n", 0},
		{"params first", "<methodCall><params><param><value/></param></params>" + m + "</methodCall>", 1},
		{"more in a parameter", call("<param><value>a</value><value>b</value></param>"), 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			method, params, err := DecodeCall([]byte(tt.body))
			if err != nil || method != "m.n" || len(params) != tt.params {
				t.Error(method, params, err)
			}
		})
	}
}

func TestDecodeCallRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"nothing":                      "",
		"no XML":                       "hello",
		"space before the declaration": " <?xml version='1.0'?><a/>",
		"unclosed":                     "<methodCall><methodName>supervisor.getState",
		"unclosed tag":                 "<methodCall",
		"unclosed root":                "<methodCall><methodName>m</methodName>",
		"wrong end":                    "<methodCall><methodName>m</methodname></methodCall>",
		"end with junk":                "<methodCall></methodCall x>",
		"two roots":                    call("") + "<a/>",
		"text behind":                  call("") + "a",
		"second document type":         "<!DOCTYPE a><!DOCTYPE a>" + call(""),
		"document type behind":         call("") + "<!DOCTYPE a>",
		"document type inside":         "<methodCall><!DOCTYPE a><methodName>m</methodName></methodCall>",
		"document type without a name": "<!DOCTYPE>" + call(""),
		"document type without an end": "<!DOCTYPE a" + call(""),
		"quote without an end":         "<!DOCTYPE a SYSTEM \"b>" + call(""),
		"subset without an end":        "<!DOCTYPE a [<!ELEMENT a ANY>" + call(""),
		"text in a subset":             "<!DOCTYPE a [b]>" + call(""),
		"entity bomb": `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>` +
			"<methodCall><methodName>&lol2;</methodName></methodCall>",
		"external entity":          `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><methodCall><methodName>&x;</methodName></methodCall>`,
		"unknown entity":           callWithParam("&nbsp;"),
		"entity without end":       callWithParam("a&amp"),
		"lone ampersand":           callWithParam("a & b"),
		"empty reference":          callWithParam("&;"),
		"reference to nothing":     callWithParam("&#;"),
		"reference to zero":        callWithParam("&#0;"),
		"reference to a surrogate": callWithParam("&#xD800;"),
		"reference too large":      callWithParam("&#1114112;"),
		"negative reference":       callWithParam("&#-1;"),
		"]]> in text":              callWithParam("a]]>b"),
		"control character":        callWithParam("a\x1bb"),
		"not a character":          callWithParam("\uFFFF"),
		"not UTF-8":                callWithParam("\xff"),
		"comment":                  callWithParam("<!-- a -- b -->"),
		"unclosed comment":         callWithParam("<!-- "),
		"unclosed CDATA":           callWithParam("<![CDATA[ ]]"),
		"late declaration":         callWithParam("<?XML version='1.0'?>"),
		"unclosed instruction":     callWithParam("<?a "),
		"nameless instruction":     callWithParam("<? a?>"),
		"attribute without value":  callWithParam("<int a>1</int>"),
		"attribute without quotes": callWithParam("<int a=1>1</int>"),
		"attribute unclosed":       callWithParam("<int a='1>1</int>"),
		"attribute with <":         callWithParam("<int a='<'>1</int>"),
		"attributes together":      callWithParam("<int a='1'b='1'>1</int>"),
		"nameless tag":             callWithParam("<>"),
		"digit as name":            callWithParam("<1/>"),
		"bad int":                  callWithParam("<int>1x</int>"),
		"empty int":                callWithParam("<int/>"),
		"beyond 64 bits":           callWithParam("<int>9223372036854775808</int>"),
		"bad double":               callWithParam("<double>x</double>"),
		"hexadecimal double":       callWithParam("<double>0x1p2</double>"),
		"infinite double":          callWithParam("<double>inf</double>"),
		"not a number":             callWithParam("<double>nan</double>"),
		"bad date":                 callWithParam("<dateTime.iso8601>yesterday</dateTime.iso8601>"),
		"bad base64":               callWithParam("<base64>?</base64>"),
		"base64 of bytes":          callWithParam("<base64>/w==</base64>"),
		"array without data":       callWithParam("<array></array>"),
		"array of other things":    callWithParam("<array><data><int>1</int></data></array>"),
		"struct without name":      callWithParam("<struct><member><value/></member></struct>"),
		"struct without value":     callWithParam("<struct><member><name>a</name></member></struct>"),
		"parameter without value":  call("<param></param>"),
		"nesting":                  callWithParam(strings.Repeat("<array><data><value>", 1_000_000)),
		"nesting of other things":  strings.Repeat("<a>", 1_000_000),
		"numbers":                  callWithParam("<array><data>" + strings.Repeat("<value/>", 1_000_000) + "</data></array>"),
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method, params, err := DecodeCall([]byte(body))
			if _, ok := errors.AsType[*SyntaxError](err); !ok {
				t.Errorf("%q, %v, %v", method, params, err)
			}
		})
	}
}

func TestDecodeCallWithoutMethod(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"<methodCall/>",
		"<methodCall><params/></methodCall>",
		"<methodCall><methodName></methodName></methodCall>",
		"<methodCall><methodName/><params/></methodCall>",
	} {
		if _, _, err := DecodeCall([]byte(body)); !errors.Is(err, ErrNoMethod) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestXMLBombsAllocateLittle: hostile documents allocate only a small multiple of their
// size. The test is not parallel, because it counts all allocations.
func TestXMLBombsAllocateLittle(t *testing.T) {
	bombs := map[string]string{
		"nesting":  strings.Repeat("<array><data><value>", 1_000_000),
		"comments": strings.Repeat("a<!-- -->", 100_000),
		"elements": "<array><data>" + strings.Repeat("<value/>", 1_000_000) + "</data></array>",
		"members":  "<struct>" + strings.Repeat("<member><name>a</name><value/></member>", 100_000) + "</struct>",
	}
	for name, bomb := range bombs {
		body := []byte(callWithParam(bomb))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		DecodeCall(body)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > uint64(4*len(body)) {
			t.Errorf("%s: %d bytes allocated for %d", name, got, len(body))
		}
	}
}

// FuzzDecodeCall: no document makes the decoder panic, an accepted one is well-formed for
// encoding/xml as well, and the call is the same after encoding and decoding it again.
func FuzzDecodeCall(f *testing.F) {
	for _, value := range []string{"<int>1</int>", "<boolean>1</boolean>", "a&amp;b&#233;", "<nil/>", "<double>1.5</double>",
		"<base64>b3V0</base64>", "<dateTime.iso8601>20261122T16:34:30</dateTime.iso8601>", "<![CDATA[a]]><!-- b -->",
		"<array><data><value>a</value></data></array>", "<struct><member><name>a</name><value/></member></struct>"} {
		f.Add([]byte(callWithParam(value)))
	}
	f.Add([]byte("<!DOCTYPE a [<!ENTITY b 'c'>]><methodCall><methodName>&b;</methodName></methodCall>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		method, params, err := DecodeCall(body)
		if err != nil {
			return
		}
		if err := wellFormed(body); err != nil {
			t.Errorf("accepted %q: %v", body, err)
		}
		var e Encoder
		again, err := e.Call(nil, method, params...)
		if err != nil {
			t.Fatal(err)
		}
		if again, _, err := DecodeCall(again); err != nil || again != method {
			t.Errorf("%q became %q, %v", method, again, err)
		}
	})
}

// wellFormed checks a document by encoding/xml. It ignores errors about namespaces, other
// encodings and names beyond ASCII, which the scanner accepts.
func wellFormed(body []byte) error {
	d := xml.NewDecoder(strings.NewReader(string(body)))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for {
		_, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			for _, fine := range []string{"name", "version", "encoding", "attribute", "expected", "colon", "entity", "illegal"} {
				if strings.Contains(err.Error(), fine) {
					return nil
				}
			}
			return err
		}
	}
}

func BenchmarkDecodeCall(b *testing.B) {
	body := []byte(call("<param>\n<value><string>worker:worker_0001</string></value>\n</param>\n<param>\n<value><boolean>1</boolean></value>\n</param>\n"))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := DecodeCall(body); err != nil {
			b.Fatal(err)
		}
	}
}

func TestDecodeStructIntoMap(t *testing.T) {
	t.Parallel()
	type cause struct {
		Kind string `json:"kind"`
	}
	body, err := new(Encoder).Response(nil, map[string]any{"a:b": []cause{{"one"}, {"two"}}, "c": []cause{}})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string][]cause
	if err := DecodeResponse(body, &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || len(got["a:b"]) != 2 || got["a:b"][1].Kind != "two" || got["c"] == nil {
		t.Errorf("got %v", got)
	}
	var numbers map[string]int
	if err := DecodeResponse(body, &numbers); err == nil {
		t.Errorf("arrays became %v", numbers)
	}
}

// TestDocumentType: a call may have a document type, whose declarations are skipped.
func TestDocumentType(t *testing.T) {
	t.Parallel()
	for _, doctype := range []string{
		"<!DOCTYPE methodCall>", "<?xml version='1.0'?>\n<!DOCTYPE methodCall >\n", "<!-- x --><!DOCTYPE a><!-- y --><?z?>",
		`<!DOCTYPE a SYSTEM "http://x/y.dtd">`, `<!DOCTYPE a PUBLIC '-//x' "a>b[c">`, "<!DOCTYPE a [<!ELEMENT a ANY>]>",
		"<!DOCTYPE a [<!-- ]> --><!ATTLIST a b CDATA ']>'> <?x ]> ?>%p;]>", `<!DOCTYPE a SYSTEM "b" [<!ENTITY c "<d>">] >`,
		`<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>`, "<!DOCTYPE a []>",
	} {
		method, _, err := DecodeCall([]byte(doctype + "<methodCall><methodName>m.n</methodName></methodCall>"))
		if err != nil || method != "m.n" {
			t.Errorf("%s: %q, %v", doctype, method, err)
		}
	}
}
