package names

import (
	"strings"
	"testing"

	"supervisor/supervisord/api"
)

func TestSelect(t *testing.T) {
	t.Parallel()
	var all []api.ProcessInfo
	for _, name := range []string{"cron:cron", "web:web_0", "web:web_1", "a*:a*", "ab:ab", "q:cron", "dir/x:dir/x", "/re/:/re/"} {
		group, process, _ := strings.Cut(name, ":")
		all = append(all, api.ProcessInfo{Group: group, Name: process})
	}
	for _, tt := range []struct{ word, want string }{
		{"cron", "cron"},
		{"cron:cron", "cron"},
		{"q:cron", "q:cron"},
		{"web", "web:web_0 web:web_1"}, // no process has the name of the group
		{"web:*", "web:web_0 web:web_1"},
		{"web:", "web:web_0 web:web_1"},
		{"web:web_1", "web:web_1"},
		{"web_1", ""}, // no pattern: Supervisor does not know it either
		{"web_*", "web:web_0 web:web_1"},
		{"web:web_[1-9]", "web:web_1"},
		{"web:w*", "web:web_0 web:web_1"},
		{"*:web_?", "web:web_0 web:web_1"},
		{"*:*", "cron web:web_0 web:web_1 a* ab q:cron dir/x /re/"},
		{"*", "cron web:web_0 web:web_1 a* ab q:cron dir/x /re/"},
		{"*cron", "cron q:cron"},
		{"a*", "a*"}, // a process has this name, so it is no pattern
		{"d*x", "dir/x"},
		{"/re/", "/re/"},
		{"/^web:.*1$/", "web:web_1"},
		{"/n$/", "cron q:cron"},
		{"ghost", ""},
		{"ghost*", ""},
		{"", ""},
		{"/", ""},
		{"[", "error"},
		{"/(/", "error"},
	} {
		var got []string
		found, err := Select(all, tt.word)
		for _, i := range found {
			got = append(got, Full(i))
		}
		if err != nil {
			got = []string{"error"}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%q selects %v, want %s", tt.word, got, tt.want)
		}
	}
}
