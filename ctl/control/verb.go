package control

import (
	"context"
	"errors"
	"slices"
	"strings"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/xmlrpc"
)

// verb is something that is done to processes by name, by group or to all, and
// how its results are worded.
type verb struct {
	one, group, all string // the methods; without group it is for single processes only
	done            string // the word for a success

	faultTexts   map[faults.Code]string // the texts in "name: ERROR (…)"
	rawFault     faults.Code            // the fault whose own text is the whole line
	ignoredFault faults.Code            // the fault that leaves the exit status alone
	showReason   bool                   // the text of FAILED is shown without that word
	noGroupExit  int                    // exit status for an unknown group
}

// run is the verb as an action: its arguments are names.
func (v verb) run(ctx context.Context, s *session.Session, in action.Arguments) error {
	return v.apply(ctx, s, in.Words)
}

// apply applies the verb to one name after the other. args follow the name in the
// calls.
func (v verb) apply(ctx context.Context, s *session.Session, names []string, args ...any) error {
	if slices.Contains(names, "all") {
		return v.applyMany(ctx, s, v.all, args...)
	}
	names, err := expandNames(ctx, s, names)
	if err != nil {
		return err
	}
	for _, name := range names {
		apply := v.applyOne
		if v.group != "" && namespec.Parse(name).WholeGroup() {
			apply = v.applyGroup
		}
		if err := apply(ctx, s, name, args...); err != nil {
			return err
		}
	}
	return nil
}

// applyMany makes a call that returns a result for each of many processes, and
// prints them in that order.
func (v verb) applyMany(ctx context.Context, s *session.Session, method string, args ...any) error {
	var results []api.CallResult
	if err := s.Call(ctx, method, &results, args...); err != nil {
		return err
	}
	for _, r := range results {
		v.printResult(ctx, s, namespec.Join(r.Group, r.Name), faults.Code(r.Status), r.Description)
	}
	s.ShowNotes()
	return nil
}

func (v verb) applyGroup(ctx context.Context, s *session.Session, name string, args ...any) error {
	group := namespec.Parse(name).Group
	err := v.applyMany(ctx, s, v.group, slices.Insert(args, 0, any(group))...)
	if session.HasCode(err, faults.BadName) {
		s.Printf("%s: ERROR (no such group)", group)
		s.SetExit(v.noGroupExit)
		return nil
	}
	return err
}

func (v verb) applyOne(ctx context.Context, s *session.Session, name string, args ...any) error {
	shown := name
	if spec := namespec.Parse(name); !spec.WholeGroup() {
		shown = spec.String()
	}
	err := s.Command(ctx, v.one, slices.Insert(args, 0, any(name))...)
	if fault, ok := errors.AsType[*xmlrpc.Fault](err); ok {
		v.printResult(ctx, s, shown, fault.Code, fault.Text)
		if fault.Code == faults.BadName {
			suggestName(ctx, s, name)
		}
		return nil
	}
	if err == nil {
		v.printResult(ctx, s, shown, faults.Success, "")
		s.ShowNotes()
	}
	return err
}

// printResult prints the result for one process. A fault for which the verb has no
// text shows its own.
func (v verb) printResult(ctx context.Context, s *session.Session, name string, code faults.Code, text string) {
	words, known := v.faultTexts[code]
	switch {
	case code == faults.Success:
		s.Printf("%s: %s", name, v.done)
	case code == v.rawFault:
		s.Print(text)
	case known:
		s.Printf("%s: ERROR (%s%s)", name, words, dependencyFailure(code, text))
	case v.showReason && code == faults.Failed:
		s.Printf("%s: ERROR (%s)", name, strings.TrimPrefix(text, code.String()+": "))
	default:
		s.Printf("%s: ERROR (%s)", name, text)
	}
	switch code {
	case faults.Success, v.ignoredFault: // they leave the exit status alone
	case faults.SpawnError, faults.AbnormalTermination:
		showLastLines(ctx, s, name)
		s.SetExit(session.ExitNotRunning)
	case faults.NotRunning:
		s.SetExit(session.ExitNotRunning)
	default:
		s.SetExit(session.ExitGeneric)
	}
}

// dependencyFailure returns which program that the process needs has failed, as
// the fault says it behind the name of the process; "" if it says nothing.
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
