package control

import (
	"context"
	"errors"
	"maps"
	"slices"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
)

// errUpdateAborted ends an update after a failure that has been reported.
var errUpdateAborted = errors.New("update aborted")

// update brings the active groups, or only those named, to the configuration.
func update(ctx context.Context, s *session.Session, in action.Arguments) error {
	if len(in.Flags) == 0 {
		return updateGroups(ctx, s, in.Words, updateGroup)
	}
	options, err := updateOptions(in)
	if err != nil {
		s.RejectFlags(err)
		return nil
	}
	if in.Has("--plan") {
		return plan(ctx, s, in.Words, in.Has("--json"))
	}
	return updateGroups(ctx, s, in.Words, func(ctx context.Context, s *session.Session, group string) error {
		ok, err := runOperation(ctx, s, group, "updateProcessGroup", group, true, options)
		if err == nil && !ok {
			err = errUpdateAborted
		}
		return err
	})
}

// updateOptions checks that the flags of update go together, and returns the
// options of a rolling update.
func updateOptions(in action.Arguments) (map[string]any, error) {
	options, err := rollingOptions(in)
	other := maps.Clone(in.Flags)
	delete(other, "--plan")
	delete(other, "--json")
	switch {
	case err != nil:
	case in.Has("--plan") && len(other) > 0:
		err = errors.New("--plan goes only with --json")
	case in.Has("--json") && !in.Has("--plan"):
		err = errors.New("--json needs --plan")
	case !in.Has("--plan") && !in.Has("--rolling"):
		err = errors.New("the flags of a rolling update need --rolling")
	}
	return options, err
}

// updateGroups stops and removes the groups that are not configured any more,
// changes those whose configuration differs, and adds the new ones.
func updateGroups(ctx context.Context, s *session.Session, names []string, change groupStep) error {
	changes, ok, err := reloadConfig(ctx, s, "already shutting down")
	if !ok {
		return err
	}
	if !action.MeansAll(names) {
		if err := checkGroups(ctx, s, names, changes.Added); err != nil {
			return err
		}
		other := func(group string) bool { return !slices.Contains(names, group) }
		changes.Removed = slices.DeleteFunc(changes.Removed, other)
		changes.Changed = slices.DeleteFunc(changes.Changed, other)
		changes.Added = slices.DeleteFunc(changes.Added, other)
	}
	if err := eachGroup(ctx, s, changes.Removed, stopAndRemove); err != nil {
		return err
	}
	if err := eachGroup(ctx, s, changes.Changed, change); errors.Is(err, errUpdateAborted) {
		return nil
	} else if err != nil {
		return err
	}
	return eachGroup(ctx, s, changes.Added, addNew)
}

// checkGroups reports each name that is neither an active group nor a new one.
func checkGroups(ctx context.Context, s *session.Session, names, added []string) error {
	unknown, err := unknownGroups(ctx, s, names)
	printUnknownGroups(s, slices.DeleteFunc(unknown, func(name string) bool { return slices.Contains(added, name) }))
	return err
}

// stopGroup stops all processes of a group.
func stopGroup(ctx context.Context, s *session.Session, group string) ([]api.CallResult, error) {
	var results []api.CallResult
	if err := s.Call(ctx, "stopProcessGroup", &results, group); err != nil {
		return nil, err
	}
	s.Printf("%s: stopped", group)
	return results, nil
}

// stopAndRemove deactivates a group that is not configured any more.
func stopAndRemove(ctx context.Context, s *session.Session, group string) error {
	results, err := stopGroup(ctx, s, group)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(results, func(r api.CallResult) bool { return r.Status == int(faults.Failed) }) {
		s.PrintError(group + ": has problems; not removing")
		return nil
	}
	if err := s.Command(ctx, "removeProcessGroup", group); err != nil {
		return err
	}
	s.Printf("%s: removed process group", group)
	return nil
}

// addNew activates a group that update has found. Unlike add, it treats every
// fault as an error.
func addNew(ctx context.Context, s *session.Session, group string) error {
	if err := s.Command(ctx, "addProcessGroup", group); err != nil {
		return err
	}
	s.Printf("%s: added process group", group)
	return nil
}

// updateGroup brings an active group to its new configuration: process by process
// if the daemon can do that, otherwise as Supervisor does it.
func updateGroup(ctx context.Context, s *session.Session, group string) error {
	var id string
	err := s.Call(ctx, "updateProcessGroup", &id, group)
	if session.HasCode(err, faults.UnknownMethod) {
		return replace(ctx, s, group)
	}
	if session.HasCode(err, faults.Failed) {
		printFault(s, group, err)
		return nil
	}
	if err != nil {
		return err
	}
	_, err = followOperation(ctx, s, group, id)
	return err
}

// replace stops a group and starts it with its new configuration.
func replace(ctx context.Context, s *session.Session, group string) error {
	if _, err := stopGroup(ctx, s, group); err != nil {
		return err
	}
	if err := s.Command(ctx, "removeProcessGroup", group); err != nil {
		return err
	}
	if err := s.Command(ctx, "addProcessGroup", group); err != nil {
		return err
	}
	s.Printf("%s: updated process group", group)
	return nil
}
