package ctl

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"supervisor/supervisord/config/python"
)

func TestActionTable(t *testing.T) {
	t.Parallel()
	actions := actionTable()
	for i, a := range actions {
		if a.run == nil {
			t.Errorf("%s does nothing", a.name)
		}
		if a.help == nil && !a.hidden {
			t.Errorf("%s has no help", a.name)
		}
		if (a.minArgs > 0) != (a.requires != "") {
			t.Errorf("%s needs %d words but calls them %q", a.name, a.minArgs, a.requires)
		}
		if i > 0 && actions[i-1].name >= a.name {
			t.Errorf("%s comes twice or too late", a.name)
		}
		if name, arg := (&session{actions: actions}).splitLine(a.name); name != a.name || arg != "" {
			t.Errorf("%s can't be typed", a.name)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ line, name, arg string }{
		{"status", "status", ""},
		{"status one  two", "status", "one  two"},
		{"status;pid", "status", ";pid"},
		{"tail-f x", "tail", "-f x"},
		{"_a1Z é", "_a1Z", "é"},
		{"é", "", "é"},
		{"!ls", "", "!ls"},
		{"?", "help", ""},
		{"? status", "help", "status"},
		{"?status", "help", "status"},
	} {
		if name, arg := split(tt.line); name != tt.name || arg != tt.arg {
			t.Errorf("split(%q) = %q, %q, want %q, %q", tt.line, name, arg, tt.name, tt.arg)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"status", "status;pid", "?x", "!", " é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		name, arg := split(line)
		if arg != strings.TrimSpace(arg) {
			t.Errorf("%q: argument %q is not trimmed", line, arg)
		}
		if line != "" && line[0] != '?' && !strings.HasPrefix(line, name) {
			t.Errorf("%q: action %q", line, name)
		}
		if again, _ := split(name); again != name {
			t.Errorf("%q: action %q is not one word", line, name)
		}
	})
}

func TestColumns(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		words string
		width int
		want  string
	}{
		{"", 10, ""},
		{"one", 1, "one\n"},
		{"a bb c", 20, "a  bb  c\n"},
		{"a bb c", 7, "a   c\nbb\n"},
		{"a b c d e", 7, "a  c  e\nb  d\n"},
		{"long longer", 3, "long  \nlonger\n"},
	} {
		if got := columns(strings.Fields(tt.words), tt.width); got != tt.want {
			t.Errorf("columns(%q, %d) = %q, want %q", tt.words, tt.width, got, tt.want)
		}
	}
}

func FuzzParseInt(f *testing.F) {
	for _, seed := range []string{"0", "-5", "+1_000", "_1", "1__0", "99999999999999999999", "", "0x1", "--1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, ok := parseInt(text)
		plain, err := strconv.ParseInt(text, 10, 32)
		if err == nil && (!ok || int64(n) != plain && plain > -1<<31) {
			t.Errorf("parseInt(%q) = %d, %v, want %d", text, n, ok, plain)
		}
		if ok && strings.Trim(python.Strip(text), "+-_0123456789") != "" {
			t.Errorf("parseInt(%q) = %d", text, n)
		}
	})
}

// actionsWithHelp lists the actions that begin so and have help.
func actionsWithHelp(prefix string) string {
	var names []string
	for _, a := range actionTable() {
		if a.help != nil && strings.HasPrefix(a.name, prefix) {
			names = append(names, a.name)
		}
	}
	return strings.Join(names, " ")
}

func TestComplete(t *testing.T) {
	t.Parallel()
	const infos = `[{"group":"grp","name":"x"},{"group":"grp","name":"y"},{"group":"one","name":"one"}]`
	for _, tt := range []struct{ line, word, want string }{
		{"", "", actionsWithHelp("")},
		{"re", "re", actionsWithHelp("re")},
		{"help ", "", actionsWithHelp("")},
		{"help st", "st", "start status stop"},
		{"update ", "", "grp one"},
		{"remove one g", "g", "grp"},
		{"start ", "", "grp:x grp:* grp:y one"},
		{"start grp:", "grp:", "grp:x grp:* grp:y"},
		{"start one:", "one:", "one:one one:*"},
		{"signal HUP o", "o", "one"},
		{"avail ", "", ""},
		{"frob ", "", ""},
		{"start nope", "nope", ""},
	} {
		server := &scriptedServer{t: t, script: []exchange{{"getAllProcessInfo", infos}}}
		s := newTestSession(server.dial, nil, nil)
		var got []string
		for range 2 { // the second time from memory
			got = s.complete(tt.line, tt.word)
		}
		for i, c := range got {
			got[i] = strings.TrimSuffix(c, " ")
		}
		if !slices.Equal(got, strings.Fields(tt.want)) {
			t.Errorf("complete(%q, %q) = %q, want %s", tt.line, tt.word, got, tt.want)
		}
	}
}

func TestCompleteWithoutServer(t *testing.T) {
	t.Parallel()
	server := &scriptedServer{t: t, script: []exchange{{"getAllProcessInfo", "refused"}}}
	s := newTestSession(server.dial, nil, nil)
	if got := s.complete("start ", ""); got != nil {
		t.Errorf("complete = %q", got)
	}
}
