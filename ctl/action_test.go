package ctl

import (
	"slices"
	"strings"
	"testing"

	"supervisor/ctl/session"
)

func TestActionTable(t *testing.T) {
	t.Parallel()
	all := actions()
	for _, a := range all {
		if a.Run == nil {
			t.Errorf("%s does nothing", a.Name)
		}
	}
	table := Table()
	if len(table.All()) != len(all) {
		t.Errorf("%d of %d actions are in the table", len(table.All()), len(all))
	}
	for i, a := range table.All() {
		if a.Help == nil && !a.Hidden {
			t.Errorf("%s has no help", a.Name)
		}
		if (a.MinArgs > 0) != (a.Requires != "") {
			t.Errorf("%s needs %d words but calls them %q", a.Name, a.MinArgs, a.Requires)
		}
		if i > 0 && table.All()[i-1].Name == a.Name {
			t.Errorf("%s comes twice", a.Name)
		}
		if name, arg := table.Split(a.Name); name != a.Name || arg != "" {
			t.Errorf("%s can't be typed", a.Name)
		}
	}
}

// actionsWithHelp lists the actions with help that begin with prefix.
func actionsWithHelp(prefix string) string {
	var names []string
	for _, a := range Table().All() {
		if a.Help != nil && strings.HasPrefix(a.Name, prefix) {
			names = append(names, a.Name)
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
		s := newTestSession(server.dial, nil, nil, session.Options{})
		var got []string
		for range 2 { // the second time from memory
			got = s.Complete(tt.line, tt.word)
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
	s := newTestSession(server.dial, nil, nil, session.Options{})
	if got := s.Complete("start ", ""); got != nil {
		t.Errorf("complete = %q", got)
	}
}
