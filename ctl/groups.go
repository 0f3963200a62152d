package ctl

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/xmlrpc"
)

func groupActions() []action {
	return []action{
		{
			name:        "avail",
			help:        []string{"avail\t\t\tDisplay all configured processes"},
			noArguments: true,
			run:         (*session).avail,
		},
		{
			name:        "reread",
			help:        []string{"reread \t\t\tReload the daemon's configuration files without add/remove"},
			noArguments: true,
			run:         (*session).reread,
		},
		{
			name: "update",
			help: []string{
				"update\t\t\tReload config and add/remove as necessary, and will restart affected programs",
				"update all\t\tReload config and add/remove as necessary, and will restart affected programs",
				"update <gname> [...]\tUpdate specific groups",
			},
			flags: append(rollingFlags(),
				actionFlag{name: "--plan", help: "Tell what update would do, and do nothing"},
				actionFlag{name: "--json", help: "With --plan: tell it as JSON"},
				actionFlag{name: "--rolling", help: "Have the processes of changed groups take turns"}),
			completes: completeGroups,
			run:       (*session).update,
		},
		{
			name:      "add",
			help:      []string{"add <name> [...]\tActivates any updates in config for process/group"},
			completes: completeGroups,
			run: func(s *session, ctx context.Context, in arguments) error {
				return s.eachGroup(ctx, in.words, s.add)
			},
		},
		{
			name:      "remove",
			help:      []string{"remove <name> [...]\tRemoves process/group from active config"},
			completes: completeGroups,
			run: func(s *session, ctx context.Context, in arguments) error {
				return s.eachGroup(ctx, in.words, s.remove)
			},
		},
	}
}

// avail lists the configuration as it was last read, active or not.
func (s *session) avail(ctx context.Context, _ arguments) error {
	var infos []api.ConfigInfo
	err := s.call(ctx, "getAllConfigInfo", &infos)
	if hasCode(err, faults.ShutdownState) {
		s.printError("ERROR: supervisor shutting down")
		return nil
	}
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, info := range infos {
		use, start := "avail", "manual"
		if info.InUse {
			use = "in use"
		}
		if info.Autostart {
			start = "auto"
		}
		fmt.Fprintf(&b, "%-32s %-9s %-9s %d:%d\n", namespec.Join(info.Group, info.Name),
			use, start, info.GroupPriority, info.ProcessPriority)
	}
	s.write(b.String())
	return nil
}

// reloadConfig makes the daemon read its files and returns what would change.
// If it can't, the reason is said here, with the caller's word for a daemon
// that is going down, and ok is false.
func (s *session) reloadConfig(ctx context.Context, shutdownText string) (changes api.Changes, ok bool, err error) {
	var result []api.Changes
	err = s.call(ctx, "reloadConfig", &result)
	fault, isFault := errors.AsType[*xmlrpc.Fault](err)
	switch {
	case isFault && fault.Code == faults.ShutdownState:
		s.printError("ERROR: " + shutdownText)
		return changes, false, nil
	case isFault && fault.Code == faults.CantReread:
		s.printError("ERROR: " + fault.Text)
		return changes, false, nil
	case err != nil:
		return changes, false, err
	case len(result) != 1:
		return changes, false, fmt.Errorf("reloadConfig returned %d sets of changes", len(result))
	}
	return result[0], true, nil
}

// reread says what update would do.
func (s *session) reread(ctx context.Context, _ arguments) error {
	changes, ok, err := s.reloadConfig(ctx, "supervisor shutting down")
	if !ok {
		return err
	}
	what := make(map[string]string)
	for _, name := range changes.Added {
		what[name] = "available"
	}
	for _, name := range changes.Changed {
		what[name] = "changed"
	}
	for _, name := range changes.Removed {
		what[name] = "disappeared"
	}
	if len(what) == 0 {
		s.print("No config updates to processes")
	}
	for _, name := range slices.Sorted(maps.Keys(what)) {
		s.printf("%s: %s", name, what[name])
	}
	return nil
}

// update makes the active groups those of the configuration, or of it only the
// groups named.
func (s *session) update(ctx context.Context, in arguments) error {
	if len(in.flags) > 0 {
		return s.updateWith(ctx, in)
	}
	return s.updateAll(ctx, in.words, s.updateGroup)
}

// updateAll is update with one way to bring an active group to its new
// configuration.
func (s *session) updateAll(ctx context.Context, names []string, change func(context.Context, string) error) error {
	changes, ok, err := s.reloadConfig(ctx, "already shutting down")
	if !ok {
		return err
	}
	if !meansAll(names) {
		if err := s.checkGroups(ctx, names, changes.Added); err != nil {
			return err
		}
		other := func(group string) bool { return !slices.Contains(names, group) }
		changes.Removed = slices.DeleteFunc(changes.Removed, other)
		changes.Changed = slices.DeleteFunc(changes.Changed, other)
		changes.Added = slices.DeleteFunc(changes.Added, other)
	}
	if err := s.eachGroup(ctx, changes.Removed, s.stopAndRemove); err != nil {
		return err
	}
	if err := s.eachGroup(ctx, changes.Changed, change); errors.Is(err, errUpdateAborted) {
		return nil
	} else if err != nil {
		return err
	}
	return s.eachGroup(ctx, changes.Added, func(ctx context.Context, group string) error {
		if err := s.command(ctx, "addProcessGroup", group); err != nil {
			return err
		}
		s.printf("%s: added process group", group)
		return nil
	})
}

// checkGroups complains about each name that is neither an active group nor a
// new one.
func (s *session) checkGroups(ctx context.Context, names, added []string) error {
	unknown, err := s.unknownGroups(ctx, names)
	s.printUnknownGroups(slices.DeleteFunc(unknown, func(name string) bool { return slices.Contains(added, name) }))
	return err
}

// unknownGroups returns, once each, the names that are no active group.
func (s *session) unknownGroups(ctx context.Context, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	active, err := s.groupNames(ctx)
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

func (s *session) printUnknownGroups(unknown []string) {
	for _, name := range unknown {
		s.printError("ERROR: no such group: " + name)
	}
}

// expandAll puts all groups in the place of all.
func (s *session) expandAll(ctx context.Context, names []string) ([]string, error) {
	if !slices.Contains(names, "all") {
		return names, nil
	}
	groups, err := s.groupNames(ctx)
	for i := range groups {
		groups[i] += ":*"
	}
	return groups, err
}

// groupNames are the active groups that have processes.
func (s *session) groupNames(ctx context.Context) ([]string, error) {
	var infos []api.ProcessInfo
	if err := s.call(ctx, "getAllProcessInfo", &infos); err != nil {
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

// eachGroup runs a step for group after group until one fails.
func (s *session) eachGroup(ctx context.Context, groups []string, step func(context.Context, string) error) error {
	for _, group := range groups {
		if err := step(ctx, group); err != nil {
			return err
		}
	}
	return nil
}

// stopGroup stops a group for good, whether or not anything runs in it.
func (s *session) stopGroup(ctx context.Context, group string) ([]api.CallResult, error) {
	var results []api.CallResult
	if err := s.call(ctx, "stopProcessGroup", &results, group); err != nil {
		return nil, err
	}
	s.printf("%s: stopped", group)
	return results, nil
}

// stopAndRemove takes a group out of service that the configuration no longer has.
func (s *session) stopAndRemove(ctx context.Context, group string) error {
	results, err := s.stopGroup(ctx, group)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(results, func(r api.CallResult) bool { return r.Status == int(faults.Failed) }) {
		s.printError(group + ": has problems; not removing")
		return nil
	}
	if err := s.command(ctx, "removeProcessGroup", group); err != nil {
		return err
	}
	s.printf("%s: removed process group", group)
	return nil
}

// replace puts the new configuration of a group in the place of the old one.
func (s *session) replace(ctx context.Context, group string) error {
	if _, err := s.stopGroup(ctx, group); err != nil {
		return err
	}
	if err := s.command(ctx, "removeProcessGroup", group); err != nil {
		return err
	}
	if err := s.command(ctx, "addProcessGroup", group); err != nil {
		return err
	}
	s.printf("%s: updated process group", group)
	return nil
}

// add activates a group. One that is active already is mentioned but counts as
// success.
func (s *session) add(ctx context.Context, group string) error {
	err := s.command(ctx, "addProcessGroup", group)
	switch {
	case err == nil:
		s.printf("%s: added process group", group)
	case hasCode(err, faults.ShutdownState):
		s.printError("ERROR: shutting down")
	case hasCode(err, faults.AlreadyAdded):
		s.print("ERROR: process group already active")
	case hasCode(err, faults.BadName):
		s.printError("ERROR: no such process/group: " + group)
	default:
		return err
	}
	return nil
}

// remove takes a group out of service that nothing runs in.
func (s *session) remove(ctx context.Context, group string) error {
	err := s.command(ctx, "removeProcessGroup", group)
	switch {
	case err == nil:
		s.printf("%s: removed process group", group)
	case hasCode(err, faults.StillRunning):
		s.printError("ERROR: process/group still running: " + group)
	case hasCode(err, faults.BadName):
		s.printError("ERROR: no such process/group: " + group)
	default:
		return err
	}
	return nil
}
