package load

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source"
)

// TestSnapshot: a second load has the same result, in another process too, whatever
// has changed about the files and the host.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	main := write("main.conf", "[supervisord]\nchildlogdir="+filepath.Join(dir, "logs")+"\n[include]\nfiles=conf.d/*.conf none/*.conf\n")
	write("logs/x", "")
	write("conf.d/one.conf", "[program:one]\ncommand=cat %(host_node_name)s\nuser=somebody\n")
	lookups := 0
	host := source.ThisHost()
	host.UID = 0
	host.User = func(string) (source.Account, bool) {
		lookups++
		return source.Account{UID: 7, GID: 8, Home: "/"}, lookups == 1
	}
	o := Options{Input: section.Input{Path: main, Host: host, Snapshot: source.NewSnapshot()}}
	want, err := Config(o)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(o.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	changes := map[string]func(){
		"nothing":             func() {},
		"another file":        func() { write("conf.d/two.conf", "[program:two]\ncommand=cat\n") },
		"the file is changed": func() { write("conf.d/one.conf", "[program:one]\ncommand=ls\n") },
		"the file is broken":  func() { write("conf.d/one.conf", "[program:one\n") },
		"all is gone":         func() { os.RemoveAll(dir) },
	}
	for _, name := range []string{"nothing", "another file", "the file is changed", "the file is broken", "all is gone"} {
		changes[name]()
		again := o
		again.Snapshot = new(source.Snapshot)
		if err := json.Unmarshal(data, again.Snapshot); err != nil {
			t.Fatal(err)
		}
		got, err := Config(again)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want.Warnings, got.Warnings) + cmp.Diff(want.Infos, got.Infos); diff != "" || len(got.Groups) != 1 || !want.Groups[0].Equal(got.Groups[0]) {
			t.Errorf("%s: the result differs: %s", name, diff)
		}
	}
	o.Snapshot = nil
	if _, err := Config(o); err == nil {
		t.Error("it was loaded without the snapshot and without the files")
	}
}
