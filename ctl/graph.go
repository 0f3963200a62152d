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

// graphActions are what Supervisor does not have. They are hidden from clients
// that compare the list with Supervisor's.
func graphActions() []action {
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
	v := startVerb()
	if in.has("--no-deps") {
		v.one, v.group, v.all = "startProcessAlone", "startProcessGroupAlone", "startAllProcessesAlone"
		v.faultTexts[faults.UnknownMethod] = "this supervisord does not know how to"
	}
	return s.apply(ctx, v, in.words)
}

// dependencyFailure is what a fault says besides the name of the process, "" for nothing:
// which of the programs that it needs has failed.
func dependencyFailure(code faults.Code, text string) string {
	if code != faults.AbnormalTermination {
		return ""
	}
	_, reason, _ := strings.Cut(strings.TrimPrefix(text, code.String()+": "), ": ")
	if reason != "" {
		reason = ": " + reason
	}
	return reason
}

// graph shows who depends on whom.
func (s *session) graph(ctx context.Context, in arguments) error {
	var all []api.Dependencies
	if err := s.call(ctx, "getDependencies", &all); err != nil {
		if hasCode(err, faults.UnknownMethod) {
			s.printError("graph: ERROR (this supervisord does not know how to)")
			return nil
		}
		return err
	}
	if in.has("--dot") {
		s.write(dotGraph(all))
		return nil
	}
	for _, d := range all {
		s.printf("%-32s %s", d.Name, d.StateName)
		for _, n := range d.Needs {
			s.printf("    %-28s %s", dependencyText(n), dependencyStatus(n))
		}
		for _, probe := range d.WaitFor {
			s.printf("    %s", probe)
		}
	}
	return nil
}

// dependencyText words a dependency with its condition, also where that is the usual
// one.
func dependencyText(n api.Dependency) string {
	name := strings.TrimRight(n.Text, "?!")
	return depends.Edge{To: strings.TrimSuffix(name, ":"+n.Condition), Condition: n.Condition, Soft: n.Soft, Together: n.Together}.String()
}

func dependencyStatus(n api.Dependency) string {
	if n.Unmet == "" {
		return "holds"
	}
	return "does not hold: " + n.Unmet
}

// dotGraph makes a drawing for Graphviz.
func dotGraph(all []api.Dependencies) string {
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

// requestShutdown asks the daemon to end, within a time if that is not 0.
func (s *session) requestShutdown(ctx context.Context, timeout time.Duration) error {
	if timeout == 0 {
		return s.command(ctx, "shutdown")
	}
	return s.command(ctx, "shutdownWithin", int(timeout.Milliseconds()))
}

// firstNames lists the first of many names.
func firstNames(names []string) string {
	const limit = 8
	if more := len(names) - limit; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:limit], ", "), more)
	}
	return strings.Join(names, ", ")
}

// progressInterval is the time between two looks at who is still there.
const progressInterval = 200 * time.Millisecond

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
		case len(left) > 0 && firstNames(left) != last:
			last = firstNames(left)
			s.print("waiting for " + last)
		}
		select {
		case <-time.After(progressInterval):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
