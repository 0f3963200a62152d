package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/tools/testkit"
)

// provider provides its Provision, or fails.
type provider struct {
	Provision
	fail     error
	released int
}

func (p *provider) Provide() (Provision, error) {
	one := p.Provision
	one.Release = func() { p.released++ }
	return one, p.fail
}

func TestProviders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conf := defaultConf()
		conf.Command = testkit.Binary()
		conf.Environment = config.Environment{{Name: "OWN", Value: "file"}}
		tp := &outputSpawner{testProcess: &testProcess{}}
		var output []string
		first := &provider{Provision: Provision{
			Env: []string{"A=first", "OWN=provider", "SUPERVISOR_ENABLED=2"}, Files: []spawn.File{{FD: 3}}, ListenPID: true,
		}}
		second := &provider{Provision: Provision{
			Env: []string{"A=second"}, Files: []spawn.File{{FD: 5}},
			OnOutput: func(channel string, data []byte) { output = append(output, channel+" "+string(data)) },
		}}
		p := New(Options{Config: conf, Spawner: tp, Events: &events.Bus{}, Log: tp.log.Logger(), Providers: []Provider{first, second}})
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		defer run.Wait()
		defer cancel()
		run.Go(func() { p.Run(ctx) })
		if err := p.Start("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		tp.spec.Stdout.Write([]byte("out"))
		tp.spec.Stderr.Write([]byte("err"))
		if diff := cmp.Diff([]string{"stdout out", "stderr err"}, output); diff != "" {
			t.Errorf("output:\n%s", diff)
		}
		for _, kv := range []string{"A=second", "OWN=file", "SUPERVISOR_ENABLED=2"} {
			if !slices.Contains(tp.spec.Env, kv) {
				t.Errorf("%s is not in %q", kv, tp.spec.Env)
			}
		}
		if len(tp.spec.Files) != 2 || !tp.spec.ListenPID {
			t.Errorf("the child gets %v, %v", tp.spec.Files, tp.spec.ListenPID)
		}
		if first.released != 1 || second.released != 1 {
			t.Errorf("released %d and %d times", first.released, second.released)
		}

		_ = p.Stop("p", true).Wait(t.Context())
		second.fail = errors.New("no more of it")
		if err := p.Start("p", true).Wait(t.Context()); err == nil {
			t.Error("it started without its provision")
		}
		if st := p.Status(); st.State != states.Backoff || !strings.Contains(st.SpawnErr, "no more of it") {
			t.Errorf("it is %s: %s", st.State, st.SpawnErr)
		}
		if first.released != 2 {
			t.Errorf("the provision was released %d times", first.released)
		}
	})
}

func TestUnusableEnvFile(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad")
	if err := os.WriteFile(bad, []byte("A=1\nB='\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir + "/none": "env_file: " + dir + "/none: no such file or directory",
		bad:           "env_file: " + bad + ":2: the quote ' is never closed",
	} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			withProcess(t, func(c *config.Process) { c.EnvFiles = []config.EnvFile{{Path: path}} }, func(t *testing.T, tp *testProcess) {
				_ = tp.Start("p", true).Wait(t.Context())
				if got := tp.Status().SpawnErr; got != want {
					t.Errorf("spawnerr %q, want %q", got, want)
				}
			})
		})
	}
}
