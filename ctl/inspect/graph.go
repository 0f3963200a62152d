package inspect

import (
	"context"
	"strings"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config/depends"
)

// graphActions returns an action that Supervisor does not have. It is hidden from
// clients that compare the list of actions with Supervisor's.
func graphActions() []session.Action {
	return []session.Action{{
		Spec: action.Spec{
			Name:  "graph",
			Topic: action.TopicSee, Short: "show which programs need which",
			Help: []string{
				"graph\t\t\tShow what the processes depend on; what others need comes first",
				"graph --dot\t\tWrite it for Graphviz: graph --dot | dot -Tsvg",
			},
			Hidden: true, NoArguments: true,
			Flags: []action.Flag{{Name: "--dot", Help: "Write the graph in the language of Graphviz"}},
		},
		UpCheck: true, Run: graph,
	}}
}

// graph prints the dependencies of the processes.
func graph(ctx context.Context, s *session.Session, in action.Arguments) error {
	var all []api.Dependencies
	if err := s.Call(ctx, "getDependencies", &all); err != nil {
		if session.HasCode(err, faults.UnknownMethod) {
			s.PrintError("graph: ERROR (" + session.NotSupported + ")")
			return nil
		}
		return err
	}
	if in.Has("--dot") {
		s.Write(dotGraph(all))
		return nil
	}
	for _, d := range all {
		s.Printf("%-32s %s", d.Name, d.StateName)
		for _, n := range d.Needs {
			s.Printf("    %-28s %s", dependencyText(n), dependencyStatus(n))
		}
		for _, probe := range d.WaitFor {
			s.Printf("    %s", probe)
		}
	}
	return nil
}

// dependencyText returns a dependency with its condition, also where that is the
// default.
func dependencyText(n api.Dependency) string {
	name := strings.TrimRight(n.Text, "?!")
	return depends.Edge[string]{To: strings.TrimSuffix(name, ":"+n.Condition), Condition: n.Condition, Soft: n.Soft, Together: n.Together}.String()
}

func dependencyStatus(n api.Dependency) string {
	if n.Unmet == "" {
		return "holds"
	}
	return "does not hold: " + n.Unmet
}

// dotGraph returns the graph in the language of Graphviz.
func dotGraph(all []api.Dependencies) string {
	var g depends.Graph[string]
	labels := make(map[string]string)
	for _, d := range all {
		g.Add(d.Name)
		labels[d.Name] = d.Name + "\n" + d.StateName
	}
	for _, d := range all {
		for _, n := range d.Needs {
			for _, to := range n.On {
				g.Connect(depends.Edge[string]{From: d.Name, To: to, Condition: n.Condition, Soft: n.Soft, Together: n.Together})
			}
		}
		for _, probe := range d.WaitFor {
			g.Connect(depends.Edge[string]{From: d.Name, To: probe})
			labels[probe] = probe
		}
	}
	return depends.Dot(&g, func(name string) string { return labels[name] })
}
