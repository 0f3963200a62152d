package load

import (
	"path/filepath"
	"testing"

	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source/sourcetest"
)

func TestStrictRefusesToLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "c.conf"), []byte("[supervisord]\n[program:a]\ncommand=/bin/cat\nstartsec=3\n"))
	o := Options{Input: section.Input{Path: "c.conf", Host: sourcetest.Host(dir)}}
	if _, err := Config(o); err != nil {
		t.Fatal(err)
	}
	o.Overrides = section.Overrides{"strict": true}
	_, err := Config(o)
	if want := "c.conf:4: [program:a] startsec = 3: unknown option, did you mean startsecs?"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
