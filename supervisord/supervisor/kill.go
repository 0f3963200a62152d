package supervisor

import (
	"context"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/process"
)

// KillProcess is StopProcess with SIGKILL at once, to all whom a stop is for. A
// process that is being stopped is killed too.
func (s *Supervisor) KillProcess(ctx context.Context, name string, c Call) ([]api.CallResult, error) {
	return s.call(ctx, name, canBeKilled, killAction(c))
}

// KillGroup does so to all processes of a group that live.
func (s *Supervisor) KillGroup(ctx context.Context, name string, c Call) ([]api.CallResult, error) {
	return s.callGroup(ctx, name, canBeKilled, killAction(c))
}

// KillAll does so to all processes that live.
func (s *Supervisor) KillAll(ctx context.Context, c Call) ([]api.CallResult, error) {
	return s.callAll(ctx, canBeKilled, killAction(c))
}

func canBeKilled(st states.Process) bool { return st.IsRunning() || st == states.Stopping }

func killAction(c Call) action {
	return func(p *process.Process, name string) process.Answer { return p.Kill(c.By, name, c.Wait) }
}
