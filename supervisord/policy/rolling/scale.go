package rolling

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// maxProcesses is the largest number of processes of a program: a larger one is most
// likely a mistake.
const maxProcesses = 10000

// Scale starts to change the number of processes of a program: to "8", or by "+2" or
// "-1". The name is that of the program, or GROUP:PROGRAM where several programs have
// that name. The error is BAD_NAME, INCORRECT_PARAMETERS, or FAILED for a program that
// can't be scaled.
func (o *Operations) Scale(name, to string) (id string, err error) {
	group, program, err := o.findProgram(name)
	if err != nil {
		return "", err
	}
	sc, err := o.supervisor.Scale(group, program.Section)
	if err != nil {
		return "", err
	}
	n, err := parseTarget(sc.Numprocs-sc.Surplus, to)
	if err != nil {
		return "", faults.New(faults.IncorrectParameters, err.Error())
	}
	if err := o.checkScalable(group, program.Section, n); err != nil {
		return "", err
	}
	return o.begin("scale", []string{group}, func(ctx context.Context, op *operation) error {
		return op.scale(ctx, group, program.Section, n)
	})
}

// parseTarget returns the number of processes that to means, given the current one.
func parseTarget(now int, to string) (int, error) {
	n, err := strconv.Atoi(to)
	if err != nil || to == "" {
		return 0, fmt.Errorf("%q is no number of processes: it is one as in 8, +2 or -1", to)
	}
	if strings.HasPrefix(to, "+") || strings.HasPrefix(to, "-") {
		n += now
	}
	switch {
	case n < 0:
		return 0, fmt.Errorf("%s of %d leaves less than none", to, now)
	case n > maxProcesses:
		return 0, fmt.Errorf("%d processes are too many, %d is the most", n, maxProcesses)
	}
	return n, nil
}

// findProgram returns the program of that name.
func (o *Operations) findProgram(name string) (group string, p config.Program, err error) {
	wanted, program, isFull := strings.Cut(name, ":")
	if !isFull || program == "*" {
		wanted, program = "", wanted
	}
	var found []string
	for _, g := range o.supervisor.GroupNames() {
		for _, candidate := range o.supervisor.Programs(g) {
			if candidate.Name == program && (wanted == "" || wanted == g) {
				group, p = g, candidate
				found = append(found, g+":"+program)
			}
		}
	}
	switch len(found) {
	case 0:
		return "", p, faults.New(faults.BadName, name)
	case 1:
		return group, p, nil
	}
	return "", p, faults.New(faults.Failed, fmt.Sprintf("%s is in several groups, name one: %s", name, strings.Join(found, ", ")))
}

// checkScalable returns why a program can't have n processes, nil if it can.
func (o *Operations) checkScalable(group, section string, n int) error {
	for _, p := range o.supervisor.Programs(group) {
		switch {
		case p.Section != section:
		case strings.HasPrefix(section, "eventlistener:"):
			return faults.New(faults.Failed, p.Name+" can't be scaled: the processes of an event listener share a queue")
		case n > 1 && !p.Numbered:
			return faults.New(faults.Failed, p.Name+" can't have more than one process: its process_name has no %(process_num)d")
		default:
			return nil
		}
	}
	return faults.New(faults.Failed, group+" can't be scaled: no section of the file says how many processes it has")
}

// scale adds processes, or removes those with the highest numbers. New ones are started
// if the others run.
func (op *operation) scale(ctx context.Context, group, section string, n int) error {
	if err := op.removeSurplus(ctx, group, section, "removed"); err != nil { // left by an earlier operation
		return err
	}
	sc, err := op.supervisor.Scale(group, section)
	if err != nil {
		return err
	}
	members := op.supervisor.Members(group, section)
	switch before := sc.Numprocs; {
	case n < before:
		sc.Surplus = before - n
		if err := op.supervisor.MarkSurplus(sc); err != nil {
			return err
		}
		return op.removeSurplus(ctx, group, section, "removed")
	case n == before:
		return nil
	}
	sc.Numprocs = n
	added, err := op.supervisor.Grow(sc, false)
	if err != nil {
		return err
	}
	start := len(members) == 0
	for _, p := range members {
		start = start || isWanted(p)
	}
	w := &rollout{operation: op}
	_ = w.runParallel(ctx, added, func(ctx context.Context, p *process.Process) (string, error) { // each failure is reported
		if !start || !p.CurrentConfig().Autostart && len(members) == 0 {
			return "added", nil
		}
		return "started", w.start(ctx, p, "scale", true)
	})
	return nil
}

// removeStaleSurplus removes the surplus that an operation of an earlier daemon left.
func (o *Operations) removeStaleSurplus(ctx context.Context) {
	for _, sc := range o.supervisor.Scales() {
		if sc.Surplus == 0 {
			continue
		}
		op := &operation{Operations: o, what: "surplus of an interrupted operation", groups: []string{sc.Group}, changed: make(chan struct{})}
		op.do = func(ctx context.Context, op *operation) error {
			return op.removeSurplus(ctx, sc.Group, sc.Section, "removed")
		}
		if o.register(op) == nil {
			op.run(ctx)
		}
	}
}
