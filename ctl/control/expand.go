package control

import (
	"context"
	"slices"

	"supervisor/ctl/action"
	"supervisor/ctl/names"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/namespec"
)

// expandNames replaces patterns among names by the processes that they match. A name
// that is no pattern, names something, or matches nothing stays: the server says what is
// wrong with it, in Supervisor's words.
func expandNames(ctx context.Context, s *session.Session, words []string) ([]string, error) {
	if !slices.ContainsFunc(words, mayExpand) {
		return words, nil
	}
	var all []api.ProcessInfo
	if err := s.Call(ctx, "getAllProcessInfo", &all); err != nil {
		return nil, err
	}
	var expanded []string
	for _, word := range words {
		found, err := names.Select(all, word)
		if !mayExpand(word) || err != nil || len(found) == 0 {
			expanded = append(expanded, word)
			continue
		}
		for _, info := range found {
			if name := names.Full(info); !slices.Contains(expanded, name) {
				expanded = append(expanded, name)
			}
		}
	}
	return expanded, nil
}

// mayExpand reports whether a word could be a pattern. That of a whole group is none: it
// is sent as it is.
func mayExpand(word string) bool {
	spec := namespec.Parse(word)
	return names.IsPattern(word) && !(spec.WholeGroup() && !names.IsPattern(spec.Group))
}

// suggestName tells a person what an unknown name probably meant: a group, or a process
// with a similar name.
func suggestName(ctx context.Context, s *session.Session, name string) {
	if !s.IsTerminal() {
		return
	}
	var all []api.ProcessInfo
	if s.Call(ctx, "getAllProcessInfo", &all) != nil {
		return // the error that brought us here has been reported
	}
	var known []string
	for _, info := range all {
		if info.Group == name {
			s.Printf("%s is a group: use %s:*", name, name)
			return
		}
		known = append(known, names.Full(info))
		if info.Name == name {
			s.Printf("did you mean %s?", names.Full(info))
			return
		}
	}
	if meant := action.ClosestName(name, known); meant != "" {
		s.Printf("did you mean %s?", meant)
	}
}
