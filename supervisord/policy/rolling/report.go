package rolling

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// report adds a line for followers, and to the log.
func (op *operation) report(p api.Progress) {
	op.log.Info(op.what + ": " + p.String())
	op.mu.Lock()
	defer op.mu.Unlock()
	op.lines = append(op.lines, p)
	op.failed = op.failed || p.Error != ""
	op.notify()
}

func (op *operation) reportDone(name, verb string) { op.report(api.Progress{Name: name, Done: verb}) }

// reportFailure reports that a step failed for one process, with the reason.
func (op *operation) reportFailure(p *process.Process, err error) {
	why := reason(err)
	if now, unknown := op.supervisor.Named(p.FullName()); unknown == nil && len(now) == 1 {
		p = now[0] // it may have been replaced
	}
	if hasCode(err, faults.SpawnError) {
		why = strings.TrimSuffix(cmp.Or(p.Status().SpawnErr, why), " (process log may have details)")
	}
	op.report(api.Progress{Name: p.FullName(), Error: why})
}

func (op *operation) notify() {
	close(op.changed)
	op.changed = make(chan struct{})
}

// reason returns an error in the words that supervisorctl uses for the result of a
// call.
func reason(err error) string {
	if errors.Is(err, context.Canceled) {
		return "supervisord has ended it"
	}
	fault, ok := errors.AsType[*faults.Error](err)
	if !ok {
		return err.Error()
	}
	switch fault.Code {
	case faults.SpawnError:
		return "spawn error"
	case faults.AbnormalTermination:
		return "abnormal termination"
	case faults.NoFile:
		return "no such file"
	case faults.NotExecutable:
		return "file is not executable"
	case faults.ShutdownState:
		return "supervisor shutting down"
	case faults.Failed:
		return fault.Detail
	}
	return fault.Error()
}

// Explain returns whether the program of a process is scaled, and the operation in
// progress in its group, if any. It never blocks.
func (o *Operations) Explain(p *process.Process) []api.Reason {
	var reasons []api.Reason
	if sc := o.supervisor.ScaleOf(p.Config.Group, p.Config.Section); sc != (config.Scale{Group: sc.Group, Section: sc.Section}) {
		text := fmt.Sprintf("%s has %d processes, its file says %d", p.Config.Program, sc.Numprocs, sc.Of)
		if sc.Surplus > 0 {
			text += fmt.Sprintf("; %d of them are there until a rolling restart or scale is over", sc.Surplus)
		}
		reasons = append(reasons, api.Reason{Kind: "scale", Text: text})
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, op := range o.all {
		if slices.Contains(op.groups, p.Config.Group) && !op.hasEnded() {
			reasons = append(reasons, api.Reason{Kind: "operation", Text: op.what + " under way"})
		}
	}
	return reasons
}
