package inifile

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// read adds files to a table: the first is the main one.
func read(t *testing.T, texts ...string) *Table {
	t.Helper()
	tab := New(nil)
	for i, text := range texts {
		if err := tab.Add(text, string(rune('a'+i))+".conf", i > 0); err != nil {
			t.Fatal(err)
		}
	}
	return tab
}

func TestLaterFilesOverride(t *testing.T) {
	t.Parallel()
	tab := read(t, "[x]\none=1\ntwo=2\n", "[y]\none=b\n[x]\nTwo = c ; not this\n")
	if diff := cmp.Diff([]string{"x", "y"}, tab.Sections()); diff != "" {
		t.Error(diff)
	}
	for _, tt := range []struct {
		section, option, want string
		at                    Position
	}{
		{"x", "one", "1", Position{"a.conf", 2}},
		{"x", "two", "c", Position{"b.conf", 4}},
		{"y", "one", "b", Position{"b.conf", 2}},
	} {
		got, ok := tab.Get(tt.section, tt.option)
		if !ok || got != tt.want || tab.Position(tt.section, tt.option) != tt.at {
			t.Errorf("[%s] %s = %q, %v at %v", tt.section, tt.option, got, ok, tab.Position(tt.section, tt.option))
		}
	}
	if _, ok := tab.Origin("x"); ok {
		t.Error("the main file must not be an origin")
	}
	if name, ok := tab.Origin("y"); !ok || name != "b.conf" {
		t.Errorf("[y] comes from %q, %v", name, ok)
	}
}

func TestDefaultsInEverySection(t *testing.T) {
	t.Parallel()
	tab := read(t, "[DEFAULT]\nd=%(here)s/d\n[x]\n")
	if got, ok := tab.Get("x", "d"); got != "%(here)s/d" || !ok {
		t.Errorf("got %q, %v", got, ok)
	}
	if diff := cmp.Diff([]string{"d"}, tab.Options("x")); diff != "" || tab.Has("DEFAULT") {
		t.Errorf("DEFAULT is a section: %v\n%s", tab.Has("DEFAULT"), diff)
	}
	if p, own := tab.OwnPosition("x", "d"); own {
		t.Errorf("its position is %v", p)
	}
	if p := tab.Position("x", "d"); p != (Position{"a.conf", 2}) {
		t.Errorf("its position is %v", p)
	}
	if p := tab.Position("x", "none"); p != (Position{"a.conf", 3}) {
		t.Errorf("an option that is not set has the position %v", p)
	}

	tab.Replace("%(here)s", "/h")
	if got, _ := tab.Get("x", "d"); got != "/h/d" {
		t.Errorf("got %q", got)
	}
	if _, own := tab.OwnPosition("x", "d"); !own {
		t.Error("the section did not get its own copy")
	}
}

func TestSyntaxErrorsHaveALine(t *testing.T) {
	t.Parallel()
	for text, line := range map[string]int{"[x]\n\nnonsense\n[y\n": 3, "x=1\n": 1, "[x]\n\xff": 2} {
		err := New(nil).Add(text, "a.conf", false)
		if e, ok := errors.AsType[*SyntaxError](err); !ok || e.Line != line {
			t.Errorf("%q: %v, want one of line %d", text, err, line)
		}
	}
}
