package supervisor

import (
	"context"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/process"
)

// ResetProcess forgets how often a process, or each of a group if name is
// "group:*", has been restarted and has failed to start. Nothing is started or
// stopped. Results are not nil only for a group.
func (s *Supervisor) ResetProcess(ctx context.Context, name string) ([]api.CallResult, error) {
	return s.call(ctx, name, anyState, resetAction)
}

// ResetGroup does so for all processes of a group.
func (s *Supervisor) ResetGroup(ctx context.Context, name string) ([]api.CallResult, error) {
	return s.callGroup(ctx, name, anyState, resetAction)
}

// ResetAll does so for all processes.
func (s *Supervisor) ResetAll(ctx context.Context) ([]api.CallResult, error) {
	return s.callAll(ctx, anyState, resetAction)
}

func anyState(states.Process) bool { return true }

func resetAction(p *process.Process, name string) process.Answer {
	return process.Answered(p.Reset(name))
}
