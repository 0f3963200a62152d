package report

import (
	"fmt"
	"strings"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/order"
)

// Why returns the reasons why a process is in its state, the reason for the state first.
// An unconfigured process is one that an earlier daemon left and no configuration has.
func Why(p Process, isUnconfigured bool, now time.Time) []api.Reason {
	st := p.Status
	reasons := []api.Reason{{Kind: "state", Text: st.Reason}}
	switch options := Outdated(p, p.Config); {
	case st.PID == 0:
	case isUnconfigured:
		reasons = append(reasons, api.Reason{Kind: "unconfigured", Text: fmt.Sprintf("pid %d was left by an earlier supervisord and is not configured any more; it runs until it ends or is stopped", st.PID)})
	case len(options) > 0:
		reasons = append(reasons, api.Reason{Kind: "changed", Text: fmt.Sprintf("pid %d was started by an earlier supervisord with another %s; update restarts it", st.PID, strings.Join(options, ", "))})
	}
	if st.SpawnErr != "" && st.SpawnErr != st.Reason {
		reasons = append(reasons, api.Reason{Kind: "exit", Text: st.SpawnErr})
	}
	if st.Hook != process.NoHook {
		reasons = append(reasons, api.Reason{Kind: "hook", Text: st.Hook.String() + " is running"})
	}
	return append(reasons, limits(p.Current, st, now)...)
}

// limits says how many restarts are used up, and what a stop still waits for or has left
// behind.
func limits(c *config.Process, st *process.Status, now time.Time) (reasons []api.Reason) {
	if c.Restart.Limit > 0 && st.Restarts != nil {
		used := 0
		for _, at := range *st.Restarts {
			if now.Sub(at.Time) < c.Restart.Window {
				used++
			}
		}
		reasons = append(reasons, api.Reason{Kind: "budget", Text: fmt.Sprintf("%d of %d restarts within %s are used up", used, c.Restart.Limit, option.FormatDuration(c.Restart.Window))})
	}
	if st.LeaderExited {
		reasons = append(reasons, api.Reason{Kind: "exit", Text: "the child has ended, others who belong to it have not"})
	}
	if st.Leftovers != "" {
		reasons = append(reasons, api.Reason{Kind: "exit", Text: "the last stop has left behind " + st.Leftovers})
	}
	return reasons
}

// Dependencies returns what the processes of a list depend on, dependencies first.
func Dependencies(g *order.Graph[*process.Process], list []*process.Process) []api.Dependencies {
	var all []api.Dependencies
	for _, p := range g.StartOrder(list) {
		d := api.Dependencies{Name: p.FullName(), StateName: p.Status().State.String(), Needs: []api.Dependency{}, WaitFor: []string{}}
		for _, probe := range p.CurrentConfig().WaitFor {
			d.WaitFor = append(d.WaitFor, probe.Text)
		}
		for _, on := range g.Of(p) {
			d.Needs = append(d.Needs, dependency(g, on))
		}
		all = append(all, d)
	}
	return all
}

func dependency(g *order.Graph[*process.Process], d *order.Dependency[*process.Process]) api.Dependency {
	one := api.Dependency{Text: d.Text, On: []string{}, Condition: d.Condition.String(), Soft: d.Soft, Together: d.Together}
	for _, p := range d.On {
		one.On = append(one.On, p.FullName())
	}
	if u := g.Unmet(d); u != nil {
		one.Unmet = u.Detail
	}
	return one
}

// Waiting returns the reasons that come from dependencies and probes: what a process
// waits for, has been started without, or has lost.
func Waiting(st *process.Status, dependencies, probes []*order.Unmet) (reasons []api.Reason) {
	for _, u := range dependencies {
		var text string
		switch {
		case st.WaitingFor == "" && !st.State.IsRunning():
			continue
		case st.WaitingFor == "":
			text = u.What + " does not hold now: " + u.Detail
		case !u.Hard && u.Unreachable:
			text = "does without " + u.What + ": " + u.Detail
		case u.Unreachable:
			text = "waits for " + u.What + ", which will not come by itself: " + u.Detail
		default:
			text = "waits for " + u.What + ": " + u.Detail
		}
		reasons = append(reasons, api.Reason{Kind: "dependency", Text: text})
	}
	if st.WaitingFor == "" {
		return reasons
	}
	for _, u := range probes {
		reasons = append(reasons, api.Reason{Kind: "probe", Text: "waits for " + u.What + ": " + u.Detail})
	}
	return reasons
}
