package web

import (
	"maps"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestForm(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method, query, body string
		want                form
	}{
		{"GET", "a=1&b=2", "", form{"a": "1", "b": "2"}},
		{"GET", "a=1&a=2", "", form{"a": "1"}},
		{"GET", "a=&a=2&b", "", form{"a": "2"}},
		{"GET", "a=1", "a=2", form{"a": "1"}},
		{"POST", "a=1&b=2", "a=3&a=4", form{"a": "4", "b": "2"}},
		{"POST", "a=1", "a=", form{"a": "1"}},
		{"POST", "", "a=x%20y+z", form{"a": "x y z"}},
		{"GET", "m=100%&n=%zz", "", form{"m": "100%", "n": "%zz"}},
		{"GET", "m=a;b&n==;", "", form{"m": "a;b", "n": "=;"}},
		{"GET", "m=%ff%c3%a9", "", form{"m": "\uFFFDé"}},
		{"GET", "&&=x", "", form{"": "x"}},
		{"GET", "", "", form{}},
	} {
		r := httptest.NewRequest(tt.method, "/?"+tt.query, strings.NewReader(tt.body))
		got, err := readForm(r)
		if err != nil || !maps.Equal(got, tt.want) {
			t.Errorf("%+v: %v, %v", tt, got, err)
		}
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":         "",
		"w:w0":     "w%3Aw0",
		"a_.-~/Z":  "a_.-~/Z",
		"ü &+?#%":  "%C3%BC%20%26%2B%3F%23%25",
		"\r\n\x00": "%0D%0A%00",
	} {
		if got := quote(s); got != want {
			t.Errorf("%q: %s", s, got)
		}
	}
}

func FuzzForm(f *testing.F) {
	f.Add("a=1&a=2", "b=%41")
	f.Add("m=100%&;=%zz", "&&==")
	f.Fuzz(func(t *testing.T, query, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.URL = &url.URL{RawQuery: query}
		got, err := readForm(r)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range got {
			if value == "" || !utf8.ValidString(name) || !utf8.ValidString(value) {
				t.Errorf("%q=%q", name, value)
			}
		}
	})
}

func FuzzQuote(f *testing.F) {
	f.Add("w:w0")
	f.Add("\xff %41\n")
	f.Fuzz(func(t *testing.T, s string) {
		q := quote(s)
		if back, err := url.PathUnescape(q); err != nil || back != s {
			t.Errorf("%q: %q, %v", q, back, err)
		}
		if strings.ContainsAny(q, "\"'<>&?#=+ \r\n\x00") {
			t.Errorf("%q", q)
		}
	})
}
