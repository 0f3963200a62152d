package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/xmlrpc"
)

func groupActions() []session.Action {
	return []session.Action{
		{
			Spec: action.Spec{
				Name:        "reread",
				Help:        []string{"reread \t\t\tReload the daemon's configuration files without add/remove"},
				NoArguments: true,
			},
			Run: reread,
		},
		{
			Spec: action.Spec{
				Name: "update",
				Help: []string{
					"update\t\t\tReload config and add/remove as necessary, and will restart affected programs",
					"update all\t\tReload config and add/remove as necessary, and will restart affected programs",
					"update <gname> [...]\tUpdate specific groups",
				},
				Flags: append(rollingFlags(),
					action.Flag{Name: "--plan", Help: "Show what update would do, and do nothing"},
					action.Flag{Name: "--json", Help: "Write the plan of --plan as JSON"},
					action.Flag{Name: "--rolling", Help: "Restart the processes of changed groups in batches"}),
				Completes: action.CompleteGroups,
			},
			Run: update,
		},
		{
			Spec: action.Spec{
				Name:      "add",
				Help:      []string{"add <name> [...]\tActivates any updates in config for process/group"},
				Completes: action.CompleteGroups,
			},
			Run: func(ctx context.Context, s *session.Session, in action.Arguments) error {
				return eachGroup(ctx, s, in.Words, add)
			},
		},
		{
			Spec: action.Spec{
				Name:      "remove",
				Help:      []string{"remove <name> [...]\tRemoves process/group from active config"},
				Completes: action.CompleteGroups,
			},
			Run: func(ctx context.Context, s *session.Session, in action.Arguments) error {
				return eachGroup(ctx, s, in.Words, remove)
			},
		},
	}
}

// groupStep does one thing to a group.
type groupStep func(ctx context.Context, s *session.Session, group string) error

// eachGroup runs a step for one group after the other until one fails.
func eachGroup(ctx context.Context, s *session.Session, groups []string, step groupStep) error {
	for _, group := range groups {
		if err := step(ctx, s, group); err != nil {
			return err
		}
	}
	return nil
}

// reloadConfig makes the daemon read its files and returns what would change. If
// the daemon can't, reloadConfig prints the reason and ok is false. shutdownText
// is the reason when the daemon is shutting down.
func reloadConfig(ctx context.Context, s *session.Session, shutdownText string) (changes api.Changes, ok bool, err error) {
	var result []api.Changes
	err = s.Call(ctx, "reloadConfig", &result)
	fault, isFault := errors.AsType[*xmlrpc.Fault](err)
	switch {
	case isFault && fault.Code == faults.ShutdownState:
		s.PrintError("ERROR: " + shutdownText)
		return changes, false, nil
	case isFault && fault.Code == faults.CantReread:
		s.PrintError("ERROR: " + fault.Text)
		return changes, false, nil
	case err != nil:
		return changes, false, err
	case len(result) != 1:
		return changes, false, fmt.Errorf("reloadConfig returned %d sets of changes", len(result))
	}
	return result[0], true, nil
}

// reread prints which groups update would add, change and remove.
func reread(ctx context.Context, s *session.Session, _ action.Arguments) error {
	changes, ok, err := reloadConfig(ctx, s, "supervisor shutting down")
	if !ok {
		return err
	}
	change := make(map[string]string)
	for _, name := range changes.Added {
		change[name] = "available"
	}
	for _, name := range changes.Changed {
		change[name] = "changed"
	}
	for _, name := range changes.Removed {
		change[name] = "disappeared"
	}
	if len(change) == 0 {
		s.Print("No config updates to processes")
	}
	for _, name := range slices.Sorted(maps.Keys(change)) {
		s.Printf("%s: %s", name, change[name])
	}
	return nil
}

// add activates a group. A group that is already active is mentioned but counts
// as success.
func add(ctx context.Context, s *session.Session, group string) error {
	err := s.Command(ctx, "addProcessGroup", group)
	switch {
	case err == nil:
		s.Printf("%s: added process group", group)
	case session.HasCode(err, faults.ShutdownState):
		s.PrintError("ERROR: shutting down")
	case session.HasCode(err, faults.AlreadyAdded):
		s.Print("ERROR: process group already active")
	case session.HasCode(err, faults.BadName):
		s.PrintError("ERROR: no such process/group: " + group)
	default:
		return err
	}
	return nil
}

// remove deactivates a group, of which no process may run.
func remove(ctx context.Context, s *session.Session, group string) error {
	err := s.Command(ctx, "removeProcessGroup", group)
	switch {
	case err == nil:
		s.Printf("%s: removed process group", group)
	case session.HasCode(err, faults.StillRunning):
		s.PrintError("ERROR: process/group still running: " + group)
	case session.HasCode(err, faults.BadName):
		s.PrintError("ERROR: no such process/group: " + group)
	default:
		return err
	}
	return nil
}

// unknownGroups returns, once each, the names that are not active groups.
func unknownGroups(ctx context.Context, s *session.Session, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	active, err := groupNames(ctx, s)
	if err != nil {
		return nil, err
	}
	var unknown []string
	for _, name := range names {
		if !slices.Contains(active, name) && !slices.Contains(unknown, name) {
			unknown = append(unknown, name)
		}
	}
	return unknown, nil
}

func printUnknownGroups(s *session.Session, unknown []string) {
	for _, name := range unknown {
		s.PrintError("ERROR: no such group: " + name)
	}
}

// expandAll returns the names, or "group:*" for each group if one of them is "all".
func expandAll(ctx context.Context, s *session.Session, names []string) ([]string, error) {
	if !slices.Contains(names, "all") {
		return names, nil
	}
	groups, err := groupNames(ctx, s)
	for i := range groups {
		groups[i] += ":*"
	}
	return groups, err
}

// groupNames returns the active groups that have processes.
func groupNames(ctx context.Context, s *session.Session) ([]string, error) {
	var infos []api.ProcessInfo
	if err := s.Call(ctx, "getAllProcessInfo", &infos); err != nil {
		return nil, err
	}
	var names []string
	for _, info := range infos {
		if !slices.Contains(names, info.Group) {
			names = append(names, info.Group)
		}
	}
	return names, nil
}
