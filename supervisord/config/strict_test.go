package config

import (
	"path/filepath"
	"testing"

	"supervisor/supervisord/config/source/sourcetest"
)

func TestStrictRefusesToLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "c.conf"), []byte("[supervisord]\n[program:a]\ncommand=/bin/cat\nstartsec=3\n"))
	o := LoadOptions{Path: "c.conf", Host: sourcetest.Host(dir)}
	if _, err := Load(o); err != nil {
		t.Fatal(err)
	}
	o.Overrides = Overrides{"strict": true}
	_, err := Load(o)
	if want := "c.conf:4: [program:a] startsec = 3: unknown option, did you mean startsecs?"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
