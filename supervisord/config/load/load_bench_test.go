package load

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source"
)

// BenchmarkLoad reads a file of a thousand programs, a start-up cost.
func BenchmarkLoad(b *testing.B) {
	var text strings.Builder
	text.WriteString("[supervisord]\n[unix_http_server]\nfile=%(here)s/s.sock\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "[program:p%d]\ncommand=/bin/echo %%(program_name)s ; a comment\nenvironment=A=\"1\",B=\"%%(here)s\"\n"+
			"autostart=false\nstopsignal=QUIT\nstdout_logfile=NONE\nstartsecs=5\n", i)
	}
	path := filepath.Join(b.TempDir(), "c.conf")
	write(b, path, []byte(text.String()))
	o := Options{Input: section.Input{Path: path, Host: source.ThisHost()}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Config(o); err != nil {
			b.Fatal(err)
		}
	}
}
