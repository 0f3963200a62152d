package supervisor

import (
	"context"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/process"
)

// KillProcess is StopProcess with SIGKILL at once, to all whom a stop is for. A
// process that is being stopped is killed too.
func (s *Supervisor) KillProcess(ctx context.Context, name string, wait bool) ([]api.CallResult, error) {
	return s.call(ctx, name, canBeKilled, killAction(ctx, wait))
}

// KillGroup does so to all processes of a group that live.
func (s *Supervisor) KillGroup(ctx context.Context, name string, wait bool) ([]api.CallResult, error) {
	return s.callGroup(ctx, name, canBeKilled, killAction(ctx, wait))
}

// KillAll does so to all processes that live.
func (s *Supervisor) KillAll(ctx context.Context, wait bool) ([]api.CallResult, error) {
	return s.callAll(ctx, canBeKilled, killAction(ctx, wait))
}

func canBeKilled(st states.Process) bool { return st.IsRunning() || st == states.Stopping }

func killAction(ctx context.Context, wait bool) action {
	by := requester(ctx)
	return func(p *process.Process, name string) process.Answer { return p.Kill(by, name, wait) }
}
