package logs

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// delivered is what a Stream has delivered.
type delivered struct {
	Log      string // of the log file
	Output   string // all events put together
	Captured []string
}

// runStream passes chunks through a Stream and collects what it would deliver.
func runStream(t *testing.T, o StreamOptions, chunks ...string) delivered {
	t.Helper()
	var h delivered
	collect := func(p piece) {
		if !p.isText && len(p.text) > 0 {
			t.Errorf("%q would be lost", p.text)
		}
		if !p.isCaptured {
			h.Log += string(p.text)
		}
		h.Output += string(p.text)
		if p.isEnd {
			h.Captured = append(h.Captured, string(p.captured))
		}
	}
	s := NewStream(o)
	for _, chunk := range chunks {
		p := []byte(chunk)
		for rest := p; len(rest) > 0; {
			var next piece
			next, rest = s.cut(rest)
			collect(next)
		}
		if string(p) != chunk {
			t.Errorf("the caller's %q became %q", chunk, p)
		}
	}
	collect(s.takeRest())
	return h
}

func TestCapture(t *testing.T) {
	t.Parallel()
	const b, e = beginToken, endToken
	for _, test := range []struct {
		name   string
		chunks []string
		want   delivered
	}{
		{"nothing", nil, delivered{}},
		{"short text", []string{"tail"}, delivered{Log: "tail", Output: "tail"}},
		{"once", []string{"x" + b + "secret" + e + "y"}, delivered{"xy", "xsecrety", []string{"secret"}}},
		{"only tokens", []string{b + e}, delivered{Captured: []string{""}}},
		{"twice", []string{b + "1" + e + b + "2" + e}, delivered{"", "12", []string{"1", "2"}}},
		{"token in pieces", []string{"x<", "!--XSUPERVISOR:BEG", "IN-->in<!--XSUPERVISOR", ":END-->", "y"}, delivered{"xy", "xiny", []string{"in"}}},
		{"wrong token", []string{"x" + e + "y"}, delivered{Log: "x" + e + "y", Output: "x" + e + "y"}},
		{"begin within a capture", []string{b + "1" + b + "2" + e}, delivered{"", "1" + b + "2", []string{"OR:BEGIN-->2"}}},
		{"near misses", []string{"<<!--XSUPERVISOR:BEGIN-", "-", "<", "<!", "-"}, delivered{Log: "<<!--XSUPERVISOR:BEGIN--<<!-", Output: "<<!--XSUPERVISOR:BEGIN--<<!-"}},
		{"prefix then token", []string{"<!--XSUPER", b + "in" + e}, delivered{"<!--XSUPER", "<!--XSUPERin", []string{"in"}}},
		{"prefix at the end", []string{"x<!--XSUP"}, delivered{Log: "x<!--XSUP", Output: "x<!--XSUP"}},
		{"unfinished capture", []string{"x" + b + "lost", "too<!--X"}, delivered{Log: "x", Output: "xlosttoo<!--X"}},
		{"longer than the limit", []string{b + "0123456789abcdefghij" + e}, delivered{"", "0123456789abcdefghij", []string{"89abcdefghij"}}},
		{"small pieces beyond the limit", append(append([]string{b}, strings.Split("0123456789abcdefghijklmnopqrstuvwxyz", "")...), e), delivered{"", "0123456789abcdefghijklmnopqrstuvwxyz", []string{"opqrstuvwxyz"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := runStream(t, StreamOptions{CaptureMaxBytes: 12}, test.chunks...)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCaptureWithANSI(t *testing.T) {
	t.Parallel()
	o := StreamOptions{CaptureMaxBytes: 100, StripANSI: true}
	for _, test := range []struct {
		name   string
		chunks []string
		want   delivered
	}{
		{"around tokens", []string{"\x1b[1mx\x1b[m" + beginToken + "\x1b[2J1" + endToken + "y"}, delivered{"xy", "x1y", []string{"1"}}},
		{"cut off by tokens", []string{"x\x1b[" + beginToken + "m1\x1b" + endToken + "[y"}, delivered{"x[y", "xm1\x1b[y", []string{"m1\x1b"}}},
		{"held back escape, then a token", []string{"x\x1b", beginToken, "1\x1b", endToken}, delivered{"x\x1b", "x\x1b1\x1b", []string{"1\x1b"}}},
		{"held back at the end", []string{"x\x1b", "[31", "m\x1b"}, delivered{Log: "x\x1b", Output: "x\x1b"}},
		{"stripping makes no token", []string{"<!--XSUPERVISOR\x1b[m:BEGIN-->"}, delivered{Log: beginToken, Output: beginToken}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := runStream(t, o, test.chunks...)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnlyATokenPrefixIsHeldBack(t *testing.T) {
	t.Parallel()
	var now string
	s := NewStream(StreamOptions{CaptureMaxBytes: 1, Output: func(p []byte) { now = string(p) }})
	for _, step := range []struct{ chunk, want string }{
		{"short", "short"},
		{"ends with <!--", "ends with "},
		{"X", ""},
		{"Y", "<!--XY"},
		{"<!--XSUPERVISOR:BEGIN--", ""},
	} {
		now = ""
		s.Write([]byte(step.chunk))
		if now != step.want {
			t.Errorf("after %q came %q, want %q", step.chunk, now, step.want)
		}
	}
}

func TestTokensHaveOneAngleBracket(t *testing.T) {
	t.Parallel()
	for _, token := range []string{beginToken, endToken} {
		if strings.LastIndexByte(token, '<') != 0 {
			t.Errorf("%s: a failed partial match could hide a shorter one", token)
		}
	}
}

func TestEndlessCaptureHasBoundedMemory(t *testing.T) {
	t.Parallel()
	const limit, chunk = 1000, 100
	s := NewStream(StreamOptions{CaptureMaxBytes: limit})
	s.Write([]byte(beginToken))
	for range 100_000 {
		s.Write(make([]byte, chunk))
		if n := cap(s.capture.kept); n > 4*limit {
			t.Fatalf("%d bytes are kept", n)
		}
	}
}

// modelCapture splits a whole text at the tokens. It is simple and slow.
func modelCapture(text string, limit int) (h delivered) {
	for {
		before, rest, found := strings.Cut(text, beginToken)
		h.Log += before
		h.Output += before
		if !found {
			return h
		}
		captured, rest, found := strings.Cut(rest, endToken)
		h.Output += captured
		if !found {
			return h
		}
		h.Captured = append(h.Captured, captured[max(0, len(captured)-limit):])
		text = rest
	}
}

// chunked cuts a text into pieces, whose sizes repeat.
func chunked(text string, sizes []byte) (chunks []string) {
	for i := 0; text != "" && len(sizes) > 0; i++ {
		n := min(len(text), 1+int(sizes[i%len(sizes)]))
		chunks = append(chunks, text[:n])
		text = text[n:]
	}
	return slices.DeleteFunc(append(chunks, text), func(s string) bool { return s == "" })
}

// FuzzCapture checks that the way output is cut into chunks does not matter,
// and against modelCapture.
func FuzzCapture(f *testing.F) {
	const b, e = beginToken, endToken
	for _, text := range []string{
		"", "plain", b + "x" + e, "a" + b + "b" + e + "c" + b + "d", "<<!--XSUPERVISOR:" + b + "<" + e + "<",
		"\x1b[31m" + b + "\x1b" + e + "[0m", b[:10] + b + e[:10] + e,
	} {
		f.Add(text, []byte{0}, uint8(3))
		f.Add(text, []byte{6, 0, 20}, uint8(0))
	}
	f.Fuzz(func(t *testing.T, text string, sizes []byte, limit uint8) {
		text = strings.NewReplacer("{", b, "}", e).Replace(text) // makes tokens likely
		o := StreamOptions{CaptureMaxBytes: 1 + int64(limit)}
		chunks := chunked(text, sizes)
		if diff := cmp.Diff(modelCapture(text, 1+int(limit)), runStream(t, o, chunks...)); diff != "" {
			t.Errorf("against the model (-want +got):\n%s", diff)
		}
		o.StripANSI = true
		if diff := cmp.Diff(runStream(t, o, text), runStream(t, o, chunks...)); diff != "" {
			t.Errorf("in chunks, stripped (-want +got):\n%s", diff)
		}
	})
}
