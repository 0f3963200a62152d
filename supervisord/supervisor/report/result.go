package report

import (
	"errors"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/process"
)

// Result is what a call for many processes returns for one of them.
func Result(p *process.Process, err error) api.CallResult {
	r := api.CallResult{Name: p.Config.Name, Group: p.Config.Group, Status: int(faults.Success), Description: "OK"}
	if err == nil {
		return r
	}
	r.Status, r.Description = int(faults.Failed), err.Error()
	if fault, ok := errors.AsType[*faults.Error](err); ok {
		r.Status = int(fault.Code)
	}
	return r
}

// LeftBehind describes what the last stop of a process left running, "" for nothing:
// "web: left behind pid 123 (sleep 100)".
func LeftBehind(p *process.Process) string {
	if left := p.Status().Leftovers; left != "" {
		return p.FullName() + ": left behind " + left
	}
	return ""
}
