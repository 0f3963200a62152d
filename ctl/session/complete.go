package session

import (
	"context"
	"slices"
	"strings"

	"supervisor/ctl/action"
	"supervisor/supervisord/api"
	"supervisor/supervisord/events"
)

// Complete returns what the word at the end of a line may become. Every
// candidate ends in a blank, so that typing can go on.
func (s *Session) Complete(line, word string) []string {
	words := strings.Fields(line)
	kind := action.CompleteNothing
	if len(words) == 0 || len(words) == 1 && !strings.HasSuffix(line, " ") {
		kind = action.CompleteActions
	} else if a := s.table.Find(words[0]); a != nil {
		kind = a.Completes
	}
	var candidates []string
	for _, c := range s.candidates(kind, word) {
		if strings.HasPrefix(c, word) && !slices.Contains(candidates, c+" ") {
			candidates = append(candidates, c+" ")
		}
	}
	return candidates
}

func (s *Session) candidates(kind action.Completion, word string) []string {
	var names []string
	switch kind {
	case action.CompleteActions:
		for _, a := range s.table.All() {
			if a.Help != nil {
				names = append(names, a.Name)
			}
		}
	case action.CompleteEventTypes:
		for _, t := range events.Types() {
			names = append(names, string(t))
		}
	case action.CompleteGroups:
		for _, info := range s.processes() {
			names = append(names, info.Group)
		}
	case action.CompleteProcesses:
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

// processes returns the processes that completion offers. It asks the server
// once a line, since TAB may be pressed often. Without an answer there is nothing
// to complete, and no place to say why.
func (s *Session) processes() []api.ProcessInfo {
	if s.infos == nil {
		if err := s.Call(context.Background(), "getAllProcessInfo", &s.infos); err != nil {
			return nil
		}
	}
	return s.infos
}
