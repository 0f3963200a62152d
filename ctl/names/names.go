package names

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/namespec"
)

// Full returns the name by which a process is addressed.
func Full(info api.ProcessInfo) string { return namespec.Join(info.Group, info.Name) }

// Select returns the processes that a word selects, in the order of the list: the process
// of that name; those of the group, as "group:*", or as "group" if no process has that
// name; those that match a pattern such as "web_*" or "*:*", or a "/regexp/", by their
// names with or without the group. It returns an error for a bad pattern, and none and nil if nothing matches.
func Select(all []api.ProcessInfo, word string) ([]api.ProcessInfo, error) {
	spec := namespec.Parse(word)
	if found := filter(all, func(i api.ProcessInfo) bool {
		return i.Group == spec.Group && (spec.WholeGroup() || i.Name == spec.Process)
	}); len(found) > 0 {
		return found, nil
	}
	if found := filter(all, func(i api.ProcessInfo) bool { return i.Group == word }); len(found) > 0 {
		return found, nil
	}
	match, err := pattern(word)
	if match == nil || err != nil {
		return nil, err
	}
	return filter(all, func(i api.ProcessInfo) bool { return match(i.Name) || match(i.Group+":"+i.Name) }), nil
}

// IsPattern reports whether a word could be a pattern.
func IsPattern(word string) bool {
	return strings.ContainsAny(word, "*?[") || len(word) > 2 && word[0] == '/' && word[len(word)-1] == '/'
}

// pattern returns what matches a word as a pattern, nil if it is none.
func pattern(word string) (func(name string) bool, error) {
	switch {
	case !IsPattern(word):
		return nil, nil
	case word[0] == '/':
		re, err := regexp.Compile(word[1 : len(word)-1])
		if err != nil {
			return nil, fmt.Errorf("bad regular expression %s: %w", word, err)
		}
		return re.MatchString, nil
	}
	if _, err := path.Match(word, ""); err != nil {
		return nil, fmt.Errorf("bad pattern %s", word)
	}
	return func(name string) bool {
		// A name may hold slashes, at which the wildcards of path.Match stop.
		ok, _ := path.Match(strings.ReplaceAll(word, "/", "\x00"), strings.ReplaceAll(name, "/", "\x00"))
		return ok
	}, nil
}

func filter(all []api.ProcessInfo, keep func(api.ProcessInfo) bool) []api.ProcessInfo {
	var list []api.ProcessInfo
	for _, i := range all {
		if keep(i) {
			list = append(list, i)
		}
	}
	return list
}

// CutMiddle shortens a text to a number of characters. The ends of names tell more than
// their middles.
func CutMiddle(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	head := (width - 1) / 2
	return string(runes[:head]) + "…" + string(runes[len(runes)-(width-1-head):])
}
