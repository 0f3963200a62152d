package section

import "testing"

func TestSearchPaths(t *testing.T) {
	t.Parallel()
	for program, want := range map[string][2]string{
		"/usr/bin/supervisord": {"/usr/etc/supervisord.conf", "/usr/supervisord.conf"},
		"bin/supervisord":      {"etc/supervisord.conf", "supervisord.conf"},
		"supervisord":          {"etc/supervisord.conf", "supervisord.conf"},
		"/bin/supervisord":     {"/etc/supervisord.conf", "/supervisord.conf"},
	} {
		got := SearchPaths(program)
		if len(got) != 6 || got[0] != want[0] || got[1] != want[1] || got[2] != "supervisord.conf" || got[5] != "/etc/supervisor/supervisord.conf" {
			t.Errorf("%s: %q", program, got)
		}
	}
}
