package launch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config"
)

// newProgram returns a program of a daemon with a small environment.
func newProgram(change func(*config.Process)) *Program {
	conf := &config.Process{Name: "p", Group: "g", Program: "p", Command: "/bin/p", Umask: -1}
	change(conf)
	return &Program{Config: conf, Environ: []string{"A=daemon", "HOME=/daemon", "B=daemon"}, ServerURL: "unix:///s"}
}

func TestEnvironmentPrecedence(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	write(t, one, "A=one\nB=one\nSUPERVISOR_ENABLED=one\nC=one\nHOME=/one\n")
	write(t, two, "B=two\nC=two\nLISTEN_FDS=two\nD=two\n")
	root := 0
	p := newProgram(func(c *config.Process) {
		c.UID = &root
		c.UserEnv = true
		c.EnvFiles = []config.EnvFile{{Path: one}, {Path: filepath.Join(dir, "none"), Optional: true}, {Path: two}}
		c.Environment = config.Environment{{Name: "C", Value: "configuration"}}
	})
	env, err := p.Env([]Provision{{Env: []string{"LISTEN_FDS=1", "C=provided"}}})
	if err != nil {
		t.Fatal(err)
	}
	l, _ := findLogin(0)
	want := []string{"A=one", "HOME=/one", "B=two", "SUPERVISOR_ENABLED=one", "SUPERVISOR_SERVER_URL=unix:///s",
		"SUPERVISOR_PROCESS_NAME=p", "SUPERVISOR_GROUP_NAME=g", "USER=root", "LOGNAME=root", "SHELL=" + l.shell,
		"C=configuration", "LISTEN_FDS=1", "D=two"}
	if diff := cmp.Diff(want, env); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	all, err := p.Variables()
	if err != nil {
		t.Fatal(err)
	}
	sources := make(map[string]string)
	for _, v := range all {
		sources[v.Name] = v.Source
	}
	wantSources := map[string]string{"A": one, "B": two, "C": "configuration", "D": two, "LISTEN_FDS": two, "HOME": one, "USER": "user", "LOGNAME": "user",
		"SHELL": "user", "SUPERVISOR_ENABLED": one, "SUPERVISOR_SERVER_URL": "supervisor", "SUPERVISOR_PROCESS_NAME": "supervisor", "SUPERVISOR_GROUP_NAME": "supervisor"}
	if diff := cmp.Diff(wantSources, sources); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOptionalEnvFileWithABadLine(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad")
	write(t, bad, "=\n")
	p := newProgram(func(c *config.Process) { c.EnvFiles = []config.EnvFile{{Path: bad, Optional: true}} })
	if _, err := p.Env(nil); err == nil {
		t.Error("it is taken")
	}
}

func TestEnvFileIsReadAtEachSpawn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "env")
	p := newProgram(func(c *config.Process) { c.EnvFiles = []config.EnvFile{{Path: path}} })
	for _, value := range []string{"first", "second"} {
		write(t, path, "X="+value+"\nA\nNOBODY_HAS_IT\n")
		env, err := p.Env(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := lookup(env, "X"); got != value {
			t.Errorf("got %q, want %q", got, value)
		}
		if text := strings.Join(env, "\n"); lookup(env, "A") != "daemon" || strings.Contains(text, "NOBODY") {
			t.Errorf("got %s", text)
		}
	}
}

func TestUserEnvOfAnUnknownUser(t *testing.T) {
	t.Parallel()
	uid := 1987654321
	p := newProgram(func(c *config.Process) { c.UID, c.UserEnv = &uid, true })
	if _, err := p.Env(nil); err == nil || err.Error() != "user_env: can't find uid 1987654321" {
		t.Errorf("got %v", err)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	const text = "root:x:0:0:root:/root:/bin/bash\n# c:x:7:7::/c:/c\nshort:x:7\nbare:x:7:7:::\nother:x:7:7::/o:/bin/o\n"
	for uid, want := range map[int]login{0: {"root", "/root", "/bin/bash"}, 7: {"bare", "/", "/bin/sh"}, 9: {}} {
		if got, ok := parseLogin(text, uid); got != want || ok != (want.name != "") {
			t.Errorf("%d: got %v, %v", uid, got, ok)
		}
	}
}

// lookup returns the value of a variable, "" if it is not set.
func lookup(environ []string, name string) string {
	for _, kv := range environ {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}
