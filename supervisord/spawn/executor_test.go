package spawn_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/accounts"
	"supervisor/supervisord/tools/testkit"
)

func TestChildAttributes(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*spawn.Spec)
		args   []string
		want   string
	}{
		{"directory", func(s *spawn.Spec) { s.Dir = dir }, []string{"cwd"}, dir},
		{"umask", func(s *spawn.Spec) { s.Umask = 0o127 }, []string{"umask"}, "127"},
		{"another umask", func(s *spawn.Spec) { s.Umask = 0 }, []string{"umask"}, "000"},
		{"environment", func(s *spawn.Spec) { s.Env = []string{"A=b c"} }, []string{"env", "A"}, "b c"},
		{"own group", nil, []string{"group"}, "true"},
		{"no descriptors", nil, []string{"fds"}, "[]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := spawnChild(t, tt.change, tt.args...)
			f.awaitExit(t)
			if got := strings.TrimSpace(f.out.String()); got != tt.want {
				t.Errorf("got %q, want %q; stderr %q", got, tt.want, f.err)
			}
		})
	}
}

func TestUmaskOfOtherChildrenUnchanged(t *testing.T) {
	t.Parallel()
	before := spawnChild(t, nil, "umask")
	before.awaitExit(t)
	spawnChild(t, func(s *spawn.Spec) { s.Umask = 0o111 }, "umask").awaitExit(t)
	after := spawnChild(t, nil, "umask")
	after.awaitExit(t)
	if before.out.String() != after.out.String() {
		t.Errorf("umask was %q, is %q", before.out, after.out)
	}
}

func TestSpawnAsAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root becomes another user")
	}
	binary := readableBinary(t)
	f := spawnChild(t, func(s *spawn.Spec) {
		s.Path = binary
		s.Become = &accounts.Credentials{UID: 65534, GID: 65533, Groups: []int{65533, 7}}
	}, "ids")
	f.awaitExit(t)
	if got := strings.TrimSpace(f.out.String()); got != "65534 65533 [7 65533]" && got != "65534 65533 [65533 7]" {
		t.Errorf("got %q; stderr %q", got, f.err)
	}
}

// readableBinary is a copy of the test binary that other users may execute.
func readableBinary(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "spawn")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(testkit.Command()[0])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "child")
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExecutorReportsFailedStep(t *testing.T) {
	t.Parallel()
	plainFile := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plainFile, []byte("neither script nor binary"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*spawn.Spec)
		want   string
	}{
		{"no directory", func(s *spawn.Spec) { s.Dir = "/no/such/dir" }, "supervisor: couldn't chdir to /no/such/dir: ENOENT\n"},
		{"no program", func(s *spawn.Spec) { s.Path, s.Args = "/no/such/program", []string{"prog", "x"} }, "supervisor: couldn't exec prog: ENOENT\n"},
		{"no format", func(s *spawn.Spec) { s.Path, s.Args = plainFile, []string{plainFile} }, "supervisor: couldn't exec " + plainFile + ": ENOEXEC\n"},
		{"no user", func(s *spawn.Spec) { s.Become = &accounts.Credentials{UID: 4321, Refusal: "Can't find uid 4321"} }, "supervisor: couldn't setuid to 4321: Can't find uid 4321\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := spawnChild(t, tt.change, "exit", "0")
			e := f.awaitExit(t)
			if e.Code != 127 {
				t.Errorf("got %v, want exit status 127", e)
			}
			if want := tt.want + "supervisor: child process was not spawned\n"; f.err.String() != want {
				t.Errorf("got %q, want %q", f.err, want)
			}
		})
	}
}
