package web

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
)

// everyState returns a process in each state.
func everyState() []api.ProcessInfo {
	return []api.ProcessInfo{
		process("backoff", states.Backoff, "Exited too quickly (process log may have details)"),
		process("fatal", states.Fatal, `unknown error (try "tail fatal")`),
		process("g:exited", states.Exited, "Nov 22 04:34 PM"),
		process("g:running", states.Running, "pid 42, uptime 1 day, 0:00:07"),
		process("starting", states.Starting, ""),
		process("stopped", states.Stopped, "Not started"),
		process("stopping", states.Stopping, ""),
		process("unknown", states.Unknown, ""),
	}
}

func TestGoldenPages(t *testing.T) {
	t.Parallel()
	f := newFake(everyState()...)
	f.logs["g:running"] = "one\n\ttwo & <three> \"four\" 'five'\n"
	c := newClient(t, f, tcpServer)
	_, confirm := c.request("GET", "/?processname=g:running&action=restart", "")
	_, confirmAll := c.request("GET", "/?action=stopall", "")
	for name, page := range map[string]string{
		"status.html":      c.page("/?message=Process%20g:running%20stopped"),
		"empty.html":       newClient(t, newFake(), tcpServer).page("/"),
		"tail.html":        c.page("/tail.html?processname=g:running"),
		"tail_none.html":   c.page("/tail.html"),
		"confirm.html":     confirm,
		"confirm_all.html": confirmAll,
	} {
		golden(t, name, page)
		elements(t, page)
	}
}

// elements parses a page as XML. It returns the elements with the names of their
// attributes, and all texts and values of attributes.
func elements(t *testing.T, page string) (tags []string, words string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	var text strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return tags, text.String()
		}
		if err != nil {
			t.Fatalf("%v in %s", err, page)
		}
		switch token := token.(type) {
		case xml.StartElement:
			tag := token.Name.Local
			for _, a := range token.Attr {
				tag += " " + a.Name.Local
				text.WriteString("\n" + a.Name.Local + "=" + a.Value)
			}
			tags = append(tags, tag)
		case xml.CharData:
			text.WriteString("\n" + string(token))
		}
	}
}

func TestActionsByState(t *testing.T) {
	t.Parallel()
	logs := []string{"Clear Log", "Tail -f Stdout", "Tail -f Stderr"}
	for st, want := range map[states.Process][2]string{
		states.Running:  {"Restart", "Stop"},
		states.Stopped:  {"Start", ""},
		states.Exited:   {"Start", ""},
		states.Fatal:    {"Start", ""},
		states.Starting: {}, states.Stopping: {}, states.Backoff: {}, states.Unknown: {},
	} {
		var got []string
		for _, e := range entries("a", st) {
			got = append(got, e.Text)
		}
		if diff := cmp.Diff(append(want[:], logs...), got); diff != "" {
			t.Errorf("%v: %s", st, diff)
		}
	}
}

func TestRowsOfGroups(t *testing.T) {
	t.Parallel()
	r := newRow(3, process("w:w0", states.Fatal, "d"))
	want := row{Class: "shade", State: "fatal", StateClass: "statuserror", Description: "d", Name: "w:w0",
		Tail: "tail.html?processname=w%3Aw0", Actions: r.Actions}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
	var hrefs []string
	for _, e := range r.Actions {
		hrefs = append(hrefs, e.Href)
	}
	if want := []string{"index.html?processname=w%3Aw0&action=start", "", "index.html?processname=w%3Aw0&action=clearlog",
		"logtail/w%3Aw0", "logtail/w%3Aw0/stderr"}; !slices.Equal(hrefs, want) {
		t.Error(hrefs)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ query, call, text, refresh string }{
		{"processname=a", "read a stdout -1024 0", "log", "tail.html?processname=a&amp;limit=1024"},
		{"processname=a&limit=2000", "read a stdout -2000 0", "log", "tail.html?processname=a&amp;limit=2000"},
		{"processname=a&limit=1023", "read a stdout -1024 0", "log", "tail.html?processname=a&amp;limit=1024"},
		{"processname=a&limit=-2000", "read a stdout -1024 0", "log", "tail.html?processname=a&amp;limit=1024"},
		{"processname=a&limit=%2b2000", "read a stdout -1024 0", "log", "tail.html?processname=a&amp;limit=1024"},
		{"processname=a&limit=2000x", "read a stdout -1024 0", "log", "tail.html?processname=a&amp;limit=1024"},
		{"processname=a&limit=99999999999999999999", fmt.Sprintf("read a stdout -%d 0", math.MaxInt64), "log",
			fmt.Sprintf("tail.html?processname=a&amp;limit=%d", math.MaxInt64)},
		{"processname=g:x", "read g:x stdout -1024 0", "No file for g:x", "tail.html?processname=g%3Ax&amp;limit=1024"},
		{"processname=nope", "read nope stdout -1024 0", "ERROR: unexpected rpc fault [10] BAD_NAME: nope", "tail.html?processname=nope&amp;limit=1024"},
		{"processname=", "", "No process name found", ""},
		{"", "", "No process name found", ""},
	} {
		f := newFake(process("a", states.Running, ""), process("g:x", states.Stopped, ""))
		f.logs["a"] = "log"
		page := newClient(t, f, tcpServer).page("/tail.html?" + tt.query)
		if !strings.Contains(page, ">"+tt.text+"</pre>") || strings.Join(f.calls, ", ") != tt.call {
			t.Errorf("%s: %v, %s", tt.query, f.calls, page)
		}
		if tt.refresh == "" {
			if strings.Contains(page, "<a ") || !strings.Contains(page, "<title>Supervisor tail of process None</title>") {
				t.Errorf("%s: %s", tt.query, page)
			}
		} else if !strings.Contains(page, `<a href="`+tt.refresh+`">`) {
			t.Errorf("%s: %s", tt.query, page)
		}
	}
}

// TestLongTailMatchesShort: a long log that is sent in pieces looks like a short one,
// wherever the pieces end.
func TestLongTailMatchesShort(t *testing.T) {
	f := newFake(process("file", states.Running, ""), process("cat", states.Running, ""))
	for shift := range 3 {
		text := strings.Repeat("x", shift) + strings.Repeat("]]>]<&☃\x00", 60_000)
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f.logs["file"], f.logs["cat"] = path, text
		c := newClient(t, f, unixServer)
		got := c.page("/tail.html?processname=file&limit=100000000")
		want := c.page("/tail.html?processname=cat&limit=100000000")
		if got = strings.ReplaceAll(got, "file", "cat"); got != want {
			t.Errorf("shifted by %d: %d bytes, want %d", shift, len(got), len(want))
		}
	}
}

// hostile are texts that could be taken for markup or control sequences.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='x`, `javascript:alert(1)`, `</pre></title></table>`,
	`&lt;b&gt; &amp`, "{{.Title}}", "]]>", "<!--", "a\x00b\x1b[31mc\x7f\u0085\u202e", "\xff\xfe\xc3", "\ufffe\uffff", "..", "a b/c?d#e%41", "\r\nX: y",
}

func TestNoInjection(t *testing.T) {
	t.Parallel()
	for _, s := range hostile {
		checkNoInjection(t, s, s, s)
	}
}

// checkNoInjection fails if this name and description of a process, or this text in its
// log, change more of the pages than their text.
func checkNoInjection(t *testing.T, name, description, log string) {
	t.Helper()
	f := newFake(process("g:p", states.Running, description))
	f.processes[0].Name = name
	full := "g:" + name
	f.logs[strings.ToValidUTF8(full, "\uFFFD")] = log
	harmless := newFake(process("g:p", states.Running, "d"))
	harmless.logs["g:p"] = "text"
	c, h := newClient(t, f, unixServer), newClient(t, harmless, unixServer)
	for _, path := range []string{"/?message=", "/tail.html?processname="} {
		got, words := elements(t, c.page(path+quote(full)))
		want, _ := elements(t, h.page(path+"g:p"))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", name, diff)
		}
		if i := strings.IndexFunc(words, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' }); i >= 0 {
			t.Errorf("%q: control character in %q", name, words[i:])
		}
		for line := range strings.Lines(words) {
			if attribute, value, ok := strings.Cut(line, "="); ok && (attribute == "href" || attribute == "formaction") {
				if strings.Contains(value, ":") && value != "http://supervisord.org\n" {
					t.Errorf("%q: link to %q", name, value)
				}
			}
		}
	}
	if c.log.Len() > 0 {
		t.Error(c.log)
	}
}

func FuzzPages(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, name, description, log string) { checkNoInjection(t, name, description, log) })
}

func TestPrintableTextIsUnchanged(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		`{"level": "error"} it's 1+1`: `{"level": "error"} it's 1+1`,
		`a & b < c > d &amp;`:         `a &amp; b &lt; c > d &amp;amp;`,
		"a[b[0]]>c":                   "a[b[0]]&gt;c",
		"tab\tline\nred \x1b[31m":     "tab\tline\nred ␛[31m",
		"\x00\x7f\u009b":              "␀␡\uFFFD",
		"gr\xfcn grün":                "gr\uFFFDn grün",
	} {
		if got := string(escapeText(printable(s))); got != want {
			t.Errorf("%q: %q", s, got)
		}
	}
}

func TestMessageIsShown(t *testing.T) {
	t.Parallel()
	c := newClient(t, newFake(), tcpServer)
	for query, want := range map[string]string{
		"message=hello%20%3Cb>there%26amp;": `<div class="status_msg" role="status">hello &lt;b>there&amp;amp;</div>`,
		"message=":                          `<div class="hidden" role="status">#</div>`,
		"processname=a":                     `<div class="hidden" role="status">#</div>`,
		"PATH_INFO=/tail.html":              `<div class="hidden" role="status">#</div>`,
	} {
		if page := c.page("/?" + query); !strings.Contains(page, want) {
			t.Errorf("%s: %s", query, page)
		}
	}
}

func BenchmarkStatus(b *testing.B) {
	f := newFake()
	for i := range 1000 {
		f.processes = append(f.processes, process(fmt.Sprintf("g:p%d", i), states.Running, "pid 42, uptime 0:00:07"))
	}
	c := newClient(b, f, tcpServer)
	b.ReportAllocs()
	for b.Loop() {
		c.page("/")
	}
}
