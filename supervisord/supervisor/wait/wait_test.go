package wait

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process"
)

// stoppedProcess returns a STOPPED process whose goroutine runs until the test ends.
func stoppedProcess(t *testing.T) *process.Process {
	t.Helper()
	p := process.New(process.Options{Config: &config.Process{Group: "web", Name: "web"}, Events: new(events.Bus), Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(func() { cancel(); p.Wait() })
	go p.Run(ctx)
	return p
}

func TestGoals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := stoppedProcess(t)
		w := Waiter{Named: func(string) ([]*process.Process, error) { return []*process.Process{p}, nil }, NextChange: func() <-chan struct{} { return nil }}
		for _, tt := range []struct {
			goal string
			want string
			took time.Duration
		}{
			{"stopped", "true <nil>", 0},
			{"running", "false <nil>", time.Minute},
			{"exited", "false <nil>", time.Minute},
			{"happy", "false INCORRECT_PARAMETERS: happy is not one of running, ready, stopped, exited", 0},
		} {
			began := time.Now()
			met, err := w.For(t.Context(), "web", tt.goal, time.Minute)
			if got := fmt.Sprint(met, " ", err); got != tt.want || time.Since(began) != tt.took {
				t.Errorf("%s: %s after %s, want %s after %s", tt.goal, got, time.Since(began), tt.want, tt.took)
			}
		}
	})
}

// TestNameReturns: a name may stand for nothing for a moment, if it is configured.
func TestNameReturns(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		isConfigured bool
		returns      time.Duration
		want         string
		took         time.Duration
	}{
		{"returns", true, time.Second, "true <nil>", time.Second},
		{"does not return in time", true, time.Hour, "false BAD_NAME: web", replaceTimeout},
		{"is configured no more", false, time.Second, "false BAD_NAME: web", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p, began := stoppedProcess(t), time.Now()
				changed := make(chan struct{})
				timer := time.AfterFunc(tt.returns, func() { close(changed) })
				defer timer.Stop()
				w := Waiter{
					Named: func(name string) ([]*process.Process, error) {
						if time.Since(began) < tt.returns {
							return nil, faults.New(faults.BadName, name)
						}
						return []*process.Process{p}, nil
					},
					IsConfigured: func(string) bool { return tt.isConfigured },
					NextChange:   func() <-chan struct{} { return changed },
				}
				met, err := w.For(t.Context(), "web", "stopped", time.Minute)
				if got := fmt.Sprint(met, " ", err); got != tt.want || time.Since(began) != tt.took {
					t.Errorf("%s after %s, want %s after %s", got, time.Since(began), tt.want, tt.took)
				}
			})
		})
	}
}
