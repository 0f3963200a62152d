package load

import (
	"fmt"
	"strings"
	"testing"
)

// TestSharedSocketProbeWarning: a probe of a socket that several processes share does
// not check one of them.
func TestSharedSocketProbeWarning(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		listen, numprocs, probe string
		warned                  bool
	}{
		{"tcp://127.0.0.1:8000", "2", "http://127.0.0.1:8000/up", true},
		{"tcp://127.0.0.1:8000", "1", "http://127.0.0.1:8000/up", false},
		{"tcp://127.0.0.1:8000", "2", "http://localhost:8000", true},
		{"tcp://0.0.0.0:8000", "2", "tcp://127.0.0.1:8000", true},
		{"tcp://*:80", "2", "http://a:pw@web/up", true},
		{"tcp://[::1]:443", "2", "https://[::1]/", true},
		{"tcp://10.0.0.1:8000", "2", "http://10.0.0.2:8000/", false},
		{"tcp://127.0.0.1:8000", "2", "http://127.0.0.1:8001/", false},
		{"unix:///run/w.sock", "2", "unix:/run/w.sock", true},
		{"unix:///run/w.sock", "2", "fcgi:///run/w.sock/ping", true},
		{"unix:///run/w.sock", "2", "fcgi:///run/v.sock/ping", false},
		{"unix:///run/w.sock", "2", "notify", false},
	} {
		conf, err := loadText(t, "[supervisord]\n[socket:s]\nlisten="+c.listen+"\n[program:w]\ncommand=x\nsockets=s\n"+
			"process_name=%(process_num)d\nnumprocs="+c.numprocs+"\nready="+c.probe+"\nhealth="+c.probe+"\n")
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		want := "[]"
		if c.warned {
			text := "[program:w] %s asks whichever of 2 processes accepts on [socket:s], not each: one that works answers for one that does not"
			want = "[" + fmt.Sprintf(text, "ready") + " " + fmt.Sprintf(text, "health") + "]"
		}
		if got := fmt.Sprint(conf.ExtensionWarnings); got != want || strings.Contains(got, "pw") {
			t.Errorf("%+v:\ngot  %s\nwant %s", c, got, want)
		}
	}
}
