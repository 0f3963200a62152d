package ctl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/depends"
	"supervisor/supervisord/faults"
	"supervisor/supervisord/xmlrpc"
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
			hidden: true, upCheck: true,
			run: (*session).graph,
		},
	}
}

// start starts processes, and what they need first unless --no-deps says that
// they don't need it.
func (s *session) start(ctx context.Context, arg string) error {
	v := starting()
	names := strings.Fields(arg)
	if slices.Contains(names, "--no-deps") {
		names = slices.DeleteFunc(names, func(word string) bool { return word == "--no-deps" })
		v.one, v.group, v.all = "startProcessAlone", "startProcessGroupAlone", "startAllProcessesAlone"
		v.words[faults.UnknownMethod] = "this supervisord does not know how to"
		if len(names) == 0 {
			s.complain("Error: start --no-deps requires a process name")
			s.exit = exitUsage
			return nil
		}
	}
	return s.each(ctx, v, names)
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
func (s *session) graph(ctx context.Context, arg string) error {
	flags, rest, err := flagSet{plain: []string{"--dot"}}.parse(arg)
	if err == nil && len(rest) > 0 {
		err = errors.New("graph takes nothing but --dot")
	}
	if err != nil {
		s.complain("Error: " + err.Error())
		return nil
	}
	var all []api.Dependencies
	if err := s.call(ctx, "getDependencies", &all); err != nil {
		if hasCode(err, faults.UnknownMethod) {
			s.complain("graph: ERROR (this supervisord does not know how to)")
			return nil
		}
		return err
	}
	if _, dot := flags["--dot"]; dot {
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

// shutdownFlags are what shutdown takes.
func shutdownFlags() flagSet {
	return flagSet{valued: []string{"--timeout"}, plain: []string{"--progress"}}
}

// shutdownOptions reads them. A timeout is in seconds, or has units.
func shutdownOptions(arg string) (timeout time.Duration, progress bool, err error) {
	flags, rest, err := shutdownFlags().parse(arg)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("shutdown takes nothing but --timeout 10s and --progress")
	}
	if err != nil {
		return 0, false, err
	}
	_, progress = flags["--progress"]
	text, ok := flags["--timeout"]
	if !ok {
		return 0, progress, nil
	}
	timeout, err = time.ParseDuration(text)
	if seconds, bad := strconv.Atoi(text); bad == nil {
		timeout, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || timeout <= 0 || timeout > 20*24*time.Hour {
		return 0, false, fmt.Errorf("--timeout %s is no time such as 10, 500ms, 10s or 2m", text)
	}
	return timeout, progress, nil
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
