package launch

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	writeMode(t, run, 0o755)
	writeMode(t, filepath.Join(dir, "text"), 0o644)
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, command string
		set           func(*Program)
		want          string // the file, or the error
		args          []string
	}{
		{"by path", run + " -v 'a b'", nil, run, []string{run, "-v", "a b"}},
		{"by environment=", "run", func(p *Program) { p.Config.Environment = config.Environment{{Name: "PATH", Value: "/none:" + dir}} }, run, []string{"run"}},
		{"by the daemon's PATH", "run", func(p *Program) { p.Environ = []string{"PATH=" + dir} }, run, []string{"run"}},
		{"in directory=", "./run", func(p *Program) { p.Config.Directory = dir }, "./run", []string{"./run"}},
		{"not in PATH", "run", func(p *Program) { p.Environ = []string{"PATH=/none"} }, "NO_FILE: can't find command 'run'", nil},
		{"no file", dir + "/none", nil, "NO_FILE: can't find command '" + dir + "/none'", nil},
		{"not executable", dir + "/text", nil, "NOT_EXECUTABLE: command at '" + dir + "/text' is not executable", nil},
		{"a directory", dir + "/sub", nil, "NOT_EXECUTABLE: command at '" + dir + "/sub' is a directory", nil},
		{"empty", " ", nil, "NOT_EXECUTABLE: command is empty", nil},
		{"open quote", "'run", nil, `NOT_EXECUTABLE: can't parse command "'run": No closing quotation`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProgram(func(*config.Process) {})
			if tt.set != nil {
				tt.set(p)
			}
			file, args, err := p.Resolve(tt.command)
			if err != nil {
				file = err.Error()
			}
			if file != tt.want {
				t.Errorf("got %q, want %q", file, tt.want)
			}
			if diff := cmp.Diff(tt.args, args); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
		})
	}
}

func writeMode(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, nil, mode); err != nil {
		t.Fatal(err)
	}
}
