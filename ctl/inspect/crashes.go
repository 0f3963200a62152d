package inspect

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"supervisor/ctl/action"
	"supervisor/ctl/names"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
)

// crashLines is how many lines of output are shown of each bad run, unless told otherwise.
const crashLines = 5

func crashActions() []session.Action {
	return []session.Action{{
		Spec: action.Spec{
			Name:  "crashes",
			Topic: action.TopicSee, Short: "show the last runs that ended badly, with their last lines",
			Help: []string{
				"crashes\t\t\tShow which programs exited or failed to start without being stopped,",
				"\t\t\twhen, how, and the last lines that they wrote",
				"crashes <name> [...]\tShow it for some processes; a name may be a pattern",
				"crashes --all\t\tShow the good runs as well",
			},
			Hidden: true,
			Flags: []action.Flag{
				{Name: "--all", Help: "Show all runs that are kept, also those that were stopped"},
				{Name: "-n", Value: action.Count, Help: "Show so many of the last lines of each, 5 by default"},
				{Name: "--json", Help: "Write the runs as JSON"},
			},
			Completes: action.CompleteProcesses,
		},
		UpCheck: true, Run: crashes,
	}}
}

// crashes shows the past runs of processes.
func crashes(ctx context.Context, s *session.Session, in action.Arguments) error {
	lines := crashLines
	if text, ok := in.Flags["-n"]; ok {
		lines, _ = strconv.Atoi(text) // Parse has checked it
	}
	var all []api.ProcessRuns
	switch err := s.Call(ctx, "getAllProcessRuns", &all, lines); {
	case session.HasCode(err, faults.UnknownMethod):
		s.PrintError("crashes: ERROR (" + session.NotSupported + ")")
		return nil
	case err != nil:
		return err
	}
	if !action.MeansAll(in.Words) {
		var err error
		if all, err = selectRuns(ctx, s, all, in.Words); err != nil {
			return err
		}
	}
	if !in.Has("--all") {
		for i := range all {
			all[i].Runs = slices.DeleteFunc(all[i].Runs, func(r api.Run) bool { return r.Expected })
		}
	}
	if in.Has("--json") {
		text, err := json.MarshalIndent(all, "", "  ")
		if err != nil {
			return err
		}
		s.Print(string(text))
		return nil
	}
	for _, one := range all {
		printRuns(s, one)
	}
	return nil
}

// selectRuns returns those of the processes that words select, and reports words that
// select none.
func selectRuns(ctx context.Context, s *session.Session, all []api.ProcessRuns, words []string) ([]api.ProcessRuns, error) {
	var infos []api.ProcessInfo
	if err := s.Call(ctx, "getAllProcessInfo", &infos); err != nil {
		return nil, err
	}
	wanted := make(map[string]bool)
	for _, word := range words {
		found, err := names.Select(infos, word)
		switch {
		case err != nil:
			s.PrintError(word + ": ERROR (" + err.Error() + ")")
		case len(found) == 0:
			s.PrintError(word + ": ERROR (no such process)")
		}
		for _, info := range found {
			wanted[info.Group+":"+info.Name] = true
		}
	}
	return slices.DeleteFunc(all, func(r api.ProcessRuns) bool { return !wanted[r.Group+":"+r.Name] }), nil
}

// printRuns shows the runs of one process, the last one last.
func printRuns(s *session.Session, p api.ProcessRuns) {
	if len(p.Runs) == 0 {
		return
	}
	head := names.Full(api.ProcessInfo{Group: p.Group, Name: p.Name})
	if p.Restarts > 0 {
		head += fmt.Sprintf(", restarted %s within the last hour", times(p.Restarts))
	}
	s.Print(head)
	for _, r := range p.Runs {
		s.Print("  " + describeRun(r))
		for _, line := range r.Output {
			s.Print("      | " + line)
		}
	}
}

// describeRun words a run in one line.
func describeRun(r api.Run) string {
	text := time.UnixMicro(int64(r.Stop*1e6)).Format("2006-01-02 15:04:05") + "  "
	if r.PID == 0 {
		return text + r.Summary + " (" + r.StartedBy + ")"
	}
	text += fmt.Sprintf("%s after %s (pid %d, %s", r.Summary, roundSeconds(r.Stop-r.Start), r.PID, r.StartedBy)
	if r.StoppedBy != "" {
		text += ", stopped by " + r.StoppedBy
	}
	text += ")"
	if r.MaxRSS > 0 {
		text += fmt.Sprintf("  %.0f MB, %s of CPU", r.MaxRSS/1e6, roundSeconds(r.CPU))
	}
	return text
}

func roundSeconds(s float64) time.Duration {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d >= time.Minute:
		return d.Round(time.Second)
	case d >= time.Second:
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}
