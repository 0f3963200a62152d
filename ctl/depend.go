package ctl

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/config/depends"
)

// dependActions are what Supervisor does not have. They are hidden from clients
// that compare the list with Supervisor's.
func dependActions() []action {
	return []action{
		{
			name: "graph",
			help: []string{
				"graph\t\t\tShow what the processes depend on, those first that others need",
				"graph --dot\t\tThe same as a drawing: graph --dot | dot -Tsvg",
			},
			hidden: true, upCheck: true, noArguments: true,
			flags: []actionFlag{{name: "--dot", help: "Write it in the language of Graphviz"}},
			run:   (*session).graph,
		},
	}
}

// start starts processes, and what they need first unless --no-deps says that
// they don't need it.
func (s *session) start(ctx context.Context, in arguments) error {
	v := starting()
	if in.has("--no-deps") {
		v.one, v.group, v.all = "startProcessAlone", "startProcessGroupAlone", "startAllProcessesAlone"
		v.words[faults.UnknownMethod] = "this supervisord does not know how to"
	}
	return s.each(ctx, v, in.words)
}

// because is what a fault says besides the name of the process, "" for nothing:
// which of the programs that it needs has failed.
func because(code faults.Code, text string) string {
	if code != faults.AbnormalTermination {
		return ""
	}
	_, why, _ := strings.Cut(strings.TrimPrefix(text, code.String()+": "), ": ")
	if why != "" {
		why = ": " + why
	}
	return why
}

// graph shows who depends on whom.
func (s *session) graph(ctx context.Context, in arguments) error {
	var all []api.Dependencies
	if err := s.call(ctx, "getDependencies", &all); err != nil {
		if hasCode(err, faults.UnknownMethod) {
			s.complain("graph: ERROR (this supervisord does not know how to)")
			return nil
		}
		return err
	}
	if in.has("--dot") {
		s.write(draw(all))
		return nil
	}
	for _, d := range all {
		s.printf("%-32s %s", d.Name, d.StateName)
		for _, n := range d.Needs {
			s.printf("    %-28s %s", dependency(n), holding(n))
		}
		for _, probe := range d.WaitFor {
			s.printf("    %s", probe)
		}
	}
	return nil
}

// dependency words a dependency with its condition, also where that is the usual
// one.
func dependency(n api.Need) string {
	name := strings.TrimRight(n.Text, "?!")
	return depends.Edge{To: strings.TrimSuffix(name, ":"+n.Condition), Condition: n.Condition, Soft: n.Soft, Together: n.Together}.String()
}

func holding(n api.Need) string {
	if n.Lack == "" {
		return "holds"
	}
	return "does not hold: " + n.Lack
}

// draw makes a drawing for Graphviz.
func draw(all []api.Dependencies) string {
	var g depends.Graph
	labels := make(map[string]string)
	for _, d := range all {
		g.Add(d.Name)
		labels[d.Name] = d.Name + "\n" + d.StateName
	}
	for _, d := range all {
		for _, n := range d.Needs {
			for _, to := range n.On {
				g.Connect(depends.Edge{From: d.Name, To: to, Condition: n.Condition, Soft: n.Soft, Together: n.Together})
			}
		}
		for _, probe := range d.WaitFor {
			g.Connect(depends.Edge{From: d.Name, To: probe})
			labels[probe] = probe
		}
	}
	return g.Dot(func(name string) string { return labels[name] })
}

// askForShutdown asks the daemon to end, within a time if that is not 0.
func (s *session) askForShutdown(ctx context.Context, timeout time.Duration) error {
	if timeout == 0 {
		return s.command(ctx, "shutdown")
	}
	return s.command(ctx, "shutdownWithin", int(timeout.Milliseconds()))
}

// some lists the first of many names.
func some(names []string) string {
	const most = 8
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// progressEvery is the time between two looks at who is still there.
const progressEvery = 200 * time.Millisecond

// watchShutdown tells who is still there until the daemon is gone.
func (s *session) watchShutdown(ctx context.Context) error {
	last := ""
	for {
		var left []string
		err := s.call(ctx, "getUnstopped", &left)
		if _, isFault := errors.AsType[*xmlrpc.Fault](err); isFault || ctx.Err() != nil {
			return err
		}
		switch {
		case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
			s.print("supervisord is gone")
			return nil
		case err != nil: // it went in the middle of an answer
			s.disconnect()
		case len(left) > 0 && some(left) != last:
			last = some(left)
			s.print("waiting for " + last)
		}
		select {
		case <-time.After(progressEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
