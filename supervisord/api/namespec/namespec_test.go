package namespec_test

import (
	"testing"

	"supervisor/supervisord/api/namespec"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in             string
		group, process string
		out            string
	}{
		{"a", "a", "a", "a"},
		{"g:p", "g", "p", "g:p"},
		{"a:a", "a", "a", "a"},
		{"g:*", "g", "", "g:*"},
		{"g:", "g", "", "g:*"},
		{"g:p:q", "g", "p:q", "g:p:q"},
		{"", "", "", ""},
		{":", "", "", ""},
		{":p", "", "p", ":p"},
		{" a", " a", " a", " a"},
	} {
		s := namespec.Parse(tt.in)
		if s.Group != tt.group || s.Process != tt.process {
			t.Errorf("%q: got %+v", tt.in, s)
		}
		if got := s.String(); got != tt.out {
			t.Errorf("%q: joined again it is %q, want %q", tt.in, got, tt.out)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a", "g:p", "g:*", "g:", ":", "", "a:b:c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := namespec.Parse(s)
		if again := namespec.Parse(once.String()); again != once && !once.WholeGroup() {
			t.Errorf("%q: %+v, and after joining %+v", s, once, again)
		}
	})
}
