package hook

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/spawn"
)

// fakeChild exits on signals unless it ignores them. It is used by one goroutine.
type fakeChild struct {
	spawn.Child
	exits  chan spawn.Exit
	ignore []syscall.Signal
	got    []string
}

func (c *fakeChild) Exited() <-chan spawn.Exit { return c.exits }

func (c *fakeChild) Signal(sig syscall.Signal, group bool) error {
	c.got = append(c.got, fmt.Sprintf("%s %v", signals.Name(sig), group))
	if !slices.Contains(c.ignore, sig) {
		c.exits <- spawn.Exit{Code: -1, Signal: sig}
	}
	return nil
}

// Spawn implements Spawner.
func (c *fakeChild) Spawn(s *spawn.Spec) (spawn.Child, error) {
	s.Stdout.Write([]byte("first\nsecond\nthird\n"))
	return c, nil
}

func TestCommand(t *testing.T) {
	t.Parallel()
	deaf := []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}
	for _, tt := range []struct {
		name     string
		timeout  time.Duration
		ignore   []syscall.Signal
		during   func(c *Command, child *fakeChild, quit chan struct{}) // a second after the start
		failure  string
		output   string // FailureOutput, if it differs
		took     time.Duration
		received []string
	}{
		{"success", option.Forever, nil, func(_ *Command, child *fakeChild, _ chan struct{}) { child.exits <- spawn.Exit{} }, "", "", time.Second, nil},
		{"failure", option.Forever, nil, func(_ *Command, child *fakeChild, _ chan struct{}) { child.exits <- spawn.Exit{Code: 3} },
			"check exited with status 3", "check: second; third", time.Second, nil},
		{"killed by another", option.Forever, nil, func(_ *Command, child *fakeChild, _ chan struct{}) { child.exits <- spawn.Exit{Code: -1, Signal: 9} },
			"check was terminated by SIGKILL", "check: second; third", time.Second, nil},
		{"timeout", 5 * time.Second, nil, nil, "check timed out after 5s", "", 5 * time.Second, []string{"SIGTERM true"}},
		{"timeout, ignores SIGTERM", 5 * time.Second, deaf[:1], nil, "check timed out after 5s", "", 6 * time.Second, []string{"SIGTERM true", "SIGKILL true"}},
		{"timeout, survives SIGKILL", 5 * time.Second, deaf, nil, "check timed out after 5s", "", 7 * time.Second, []string{"SIGTERM true", "SIGKILL true"}},
		{"cancelled", option.Forever, nil, func(c *Command, _ *fakeChild, _ chan struct{}) { c.Cancel(); c.Cancel() },
			"check was cut short", "", time.Second, []string{"SIGTERM true"}},
		{"quit", option.Forever, deaf, func(_ *Command, _ *fakeChild, quit chan struct{}) { close(quit) }, "", "", time.Second, []string{"SIGKILL true"}},
		{"quit after a timeout", 500 * time.Millisecond, deaf, func(_ *Command, _ *fakeChild, quit chan struct{}) { close(quit) },
			"check timed out after 500ms", "", time.Second, []string{"SIGTERM true", "SIGKILL true"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				child := &fakeChild{exits: make(chan spawn.Exit, 1), ignore: tt.ignore}
				c, err := Start(child, Options{Name: "check", Spec: &spawn.Spec{}, Log: discard{}, Timeout: tt.timeout})
				if err != nil {
					t.Fatal(err)
				}
				quit, started := make(chan struct{}), time.Now()
				if tt.during != nil {
					time.AfterFunc(time.Second, func() { tt.during(c, child, quit) })
				}
				c.Wait(quit)
				if took := time.Since(started); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
				if c.Failure() != tt.failure {
					t.Errorf("failure %q, want %q", c.Failure(), tt.failure)
				}
				output := tt.output
				if output == "" {
					output = tt.failure
				}
				if c.FailureOutput() != output {
					t.Errorf("output %q, want %q", c.FailureOutput(), output)
				}
				if diff := cmp.Diff(tt.received, child.got); diff != "" {
					t.Errorf("signals (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	want := []string{"SUPERVISOR_HOOK=post_stop", "SUPERVISOR_PID=7", "SUPERVISOR_EXIT_STATUS=-1", "SUPERVISOR_EXIT_SIGNAL=SIGKILL"}
	if diff := cmp.Diff(want, Variables("post_stop", 7, &spawn.Exit{Code: -1, Signal: syscall.SIGKILL})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"SUPERVISOR_HOOK=probe"}, Variables("probe", 0, nil)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
