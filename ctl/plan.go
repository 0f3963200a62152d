package ctl

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/config/python"
)

// plan shows what an update would do, of all or of some groups.
func (s *session) plan(ctx context.Context, names []string, asJSON bool) error {
	var plans []api.GroupPlan
	err := s.call(ctx, "getUpdatePlan", &plans)
	fault, isFault := errors.AsType[*xmlrpc.Fault](err)
	switch {
	case isFault && fault.Code == faults.UnknownMethod:
		s.printError("update: ERROR (this supervisord does not know how to)")
		return nil
	case isFault && fault.Code == faults.CantReread:
		s.printError("ERROR: " + fault.Text)
		return nil
	case err != nil:
		return err
	}
	if !meansAll(names) {
		plans = slices.DeleteFunc(plans, func(p api.GroupPlan) bool { return !slices.Contains(names, p.Group) })
		unplanned := slices.DeleteFunc(names, func(name string) bool {
			return slices.ContainsFunc(plans, func(p api.GroupPlan) bool { return p.Group == name })
		})
		unknown, err := s.unknownGroups(ctx, unplanned)
		switch {
		case err != nil:
			return err
		case len(unknown) > 0 && asJSON:
			s.exit = exitGeneric // the output is for programs
		default:
			s.printUnknownGroups(unknown)
		}
		if len(plans) == 0 && len(unknown) == len(unplanned) && !asJSON {
			return nil
		}
	}
	if asJSON {
		text, err := json.MarshalIndent(plans, "", "  ")
		if err == nil {
			s.print(string(text))
		}
		return err
	}
	if len(plans) == 0 {
		s.print("No config updates to processes")
	}
	for i := range plans {
		s.write(planText(&plans[i]))
	}
	return nil
}

// planText words what would happen to a group: a line for the group, then one for
// each option and process, in columns.
func planText(p *api.GroupPlan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s%s\n", p.Group, p.Change, planSummary(p))
	if p.Change != "changed" {
		return b.String()
	}
	var rows [][3]string
	for _, o := range p.Options {
		rows = append(rows, [3]string{p.Group, optionText(o), planEffect(p, o.Effect)})
	}
	for _, process := range p.Processes {
		name := namespec.Join(p.Group, process.Name)
		for _, o := range process.Options {
			rows = append(rows, [3]string{name, optionText(o), planEffect(p, o.Effect)})
		}
		switch process.Effect {
		case "start":
			rows = append(rows, [3]string{name, "added", "(starts)"})
		case "add":
			rows = append(rows, [3]string{name, "added", ""})
		case "stop":
			rows = append(rows, [3]string{name, "removed", "(stops)"})
		}
	}
	var widths [2]int
	for _, row := range rows {
		for i := range widths {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	for _, row := range rows {
		line := fmt.Sprintf("  %-*s  %-*s  %s", widths[0], row[0], widths[1], row[1], row[2])
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// planSummary says how many processes are concerned.
func planSummary(p *api.GroupPlan) string {
	count := func(effect string) int {
		n := 0
		for _, process := range p.Processes {
			if process.Effect == effect {
				n++
			}
		}
		return n
	}
	switch {
	case p.Change == "added":
		return fmt.Sprintf(" (%s)", processesText(count("start"), "starts", "start"))
	case p.Change == "removed":
		return fmt.Sprintf(" (%s)", processesText(count("stop"), "stops", "stop"))
	case p.Whole != "":
		all := len(p.Processes) - count("start") - count("add")
		return fmt.Sprintf(" (%s as a whole: %s)", processesText(all, "restarts", "restart"), p.Whole)
	}
	return ""
}

func processesText(n int, singular, plural string) string {
	if n == 1 {
		return "1 process " + singular
	}
	return fmt.Sprintf("%d processes %s", n, plural)
}

// planEffect says what an option asks for, unless all restarts anyway.
func planEffect(p *api.GroupPlan, effect string) string {
	switch {
	case p.Whole != "":
		return ""
	case effect == "live":
		return "(taken over without a restart)"
	}
	return "(" + effect + ")"
}

// plainValue are values that need no quotes to be read.
var plainValue = regexp.MustCompile(`^[\w.,:/%@+-]+$`)

func optionText(o api.OptionChange) string {
	if strings.HasPrefix(o.Option, "environment ") { // of a variable there is but whether it is set
		return fmt.Sprintf("%s: %s -> %s", o.Option, cmp.Or(o.Old, "not set"), cmp.Or(o.New, "not set"))
	}
	return fmt.Sprintf("%s: %s -> %s", o.Option, valueText(o.Old), valueText(o.New))
}

func valueText(v string) string {
	switch {
	case v == "":
		return "(not set)"
	case plainValue.MatchString(v):
		return v
	}
	return python.Repr(v)
}
