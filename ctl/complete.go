package ctl

import (
	"context"
	"slices"
	"strings"

	"supervisor/supervisord/api"
)

// completion says what the words behind an action are completed to.
type completion int

const (
	completeNothing completion = iota
	completeActions
	completeGroups
	completeProcesses
)

// complete returns what the word at the end of a line may become. Every
// candidate ends in a blank, so that one can type on.
func (s *session) complete(line, word string) []string {
	words := strings.Fields(line)
	kind := completeNothing
	if len(words) == 0 || len(words) == 1 && !strings.HasSuffix(line, " ") {
		kind = completeActions
	} else if a, ok := s.find(words[0]); ok {
		kind = a.completes
	}
	var candidates []string
	for _, c := range s.candidates(kind, word) {
		if strings.HasPrefix(c, word) && !slices.Contains(candidates, c+" ") {
			candidates = append(candidates, c+" ")
		}
	}
	return candidates
}

func (s *session) candidates(kind completion, word string) []string {
	var names []string
	switch kind {
	case completeActions:
		for _, a := range s.actions {
			if a.help != nil {
				names = append(names, a.name)
			}
		}
	case completeGroups:
		for _, info := range s.processes() {
			names = append(names, info.Group)
		}
	case completeProcesses:
		for _, info := range s.processes() {
			if info.Name == info.Group && !strings.Contains(word, ":") {
				names = append(names, info.Name)
				continue
			}
			names = append(names, info.Group+":"+info.Name, info.Group+":*")
		}
	}
	return names
}

// processes returns the list that completion looks at. It is fetched once a
// line, since TAB may be hit often. Without an answer there is nothing to
// complete, and no place to say why.
func (s *session) processes() []api.ProcessInfo {
	if s.infos == nil {
		if err := s.call(context.Background(), "getAllProcessInfo", &s.infos); err != nil {
			return nil
		}
	}
	return s.infos
}
