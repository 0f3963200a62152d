package control

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

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/config/python"
)

// plan prints what an update of all or some groups would do.
func plan(ctx context.Context, s *session.Session, names []string, asJSON bool) error {
	var plans []api.GroupPlan
	err := s.Call(ctx, "getUpdatePlan", &plans)
	fault, isFault := errors.AsType[*xmlrpc.Fault](err)
	switch {
	case isFault && fault.Code == faults.UnknownMethod:
		s.PrintError("update: ERROR (" + session.NotSupported + ")")
		return nil
	case isFault && fault.Code == faults.CantReread:
		s.PrintError("ERROR: " + fault.Text)
		return nil
	case err != nil:
		return err
	}
	if !action.MeansAll(names) {
		plans = slices.DeleteFunc(plans, func(p api.GroupPlan) bool { return !slices.Contains(names, p.Group) })
		unplanned := slices.DeleteFunc(names, func(name string) bool {
			return slices.ContainsFunc(plans, func(p api.GroupPlan) bool { return p.Group == name })
		})
		unknown, err := unknownGroups(ctx, s, unplanned)
		switch {
		case err != nil:
			return err
		case len(unknown) > 0 && asJSON:
			s.SetExit(session.ExitGeneric) // a program reads the output, so nothing is added to it
		default:
			printUnknownGroups(s, unknown)
		}
		if len(plans) == 0 && len(unknown) == len(unplanned) && !asJSON {
			return nil
		}
	}
	if asJSON {
		text, err := json.MarshalIndent(plans, "", "  ")
		if err == nil {
			s.Print(string(text))
		}
		return err
	}
	if len(plans) == 0 {
		s.Print("No config updates to processes")
	}
	for i := range plans {
		s.Write(planText(&plans[i]))
	}
	return nil
}

// planText returns what would happen to a group: a line for the group, then one
// for each option and process, in columns.
func planText(p *api.GroupPlan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s%s\n", p.Group, p.Change, planSummary(p))
	if p.Change != "changed" {
		return b.String()
	}
	rows := planRows(p)
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

// planRows returns a row for each change: the group or process, what changes, and
// the effect.
func planRows(p *api.GroupPlan) [][3]string {
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
	return rows
}

// planSummary says how many processes a change starts, stops or restarts.
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

// planEffect returns the effect of an option, "" if the whole group restarts
// anyway.
func planEffect(p *api.GroupPlan, effect string) string {
	switch {
	case p.Whole != "":
		return ""
	case effect == "live":
		return "(taken over without a restart)"
	}
	return "(" + effect + ")"
}

// plainValue matches values that can be read without quotes.
var plainValue = regexp.MustCompile(`^[\w.,:/%@+-]+$`)

func optionText(o api.OptionChange) string {
	// The value of a variable may be a secret; the daemon says only whether it is set.
	if strings.HasPrefix(o.Option, "environment ") {
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
