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
	if len(words) > 0 && !strings.HasSuffix(line, " ") {
		words = words[:len(words)-1]
	}
	candidates := s.CompleteWords(context.Background(), words, word)
	for i := range candidates {
		candidates[i] += " "
	}
	return candidates
}

// CompleteWords returns what a word may become behind others, of which the first is an
// action: an action, a flag, a name of a process or group. It blocks for the answer of the
// server until ctx ends; without an answer there is nothing to complete.
func (s *Session) CompleteWords(ctx context.Context, words []string, word string) []string {
	var all []string
	a := (*action.Spec)(nil)
	if len(words) > 0 {
		a = s.table.Find(words[0])
	}
	switch {
	case len(words) == 0:
		all = s.candidates(ctx, action.CompleteActions, word)
	case a == nil:
	case strings.HasPrefix(word, "-"):
		for _, f := range a.Flags {
			all = append(all, f.Name)
		}
	default:
		all = s.candidates(ctx, a.Completes, word)
	}
	var candidates []string
	for _, c := range all {
		if strings.HasPrefix(c, word) && !slices.Contains(candidates, c) {
			candidates = append(candidates, c)
		}
	}
	return candidates
}

func (s *Session) candidates(ctx context.Context, kind action.Completion, word string) []string {
	var names []string
	switch kind {
	case action.CompleteActions:
		for _, a := range s.table.All() {
			if a.Help != nil {
				names = append(names, a.Name)
			}
		}
	case action.CompleteShells:
		names = []string{"bash", "fish", "zsh"}
	case action.CompleteEventTypes:
		for _, t := range events.Types() {
			names = append(names, string(t))
		}
	case action.CompleteGroups:
		for _, info := range s.processes(ctx) {
			names = append(names, info.Group)
		}
	case action.CompleteProcesses:
		for _, info := range s.processes(ctx) {
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
func (s *Session) processes(ctx context.Context) []api.ProcessInfo {
	if s.infos == nil {
		if err := s.Call(ctx, "getAllProcessInfo", &s.infos); err != nil {
			return nil
		}
	}
	return s.infos
}
