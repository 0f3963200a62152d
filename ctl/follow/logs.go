package follow

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"supervisor/ctl/action"
	"supervisor/ctl/names"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
)

// defaultLines is how many lines of each log are shown unless a number or a time is
// asked for.
const defaultLines = 20

// maxLogs is how many logs one request asks for: the request has to fit into the
// header that servers accept.
const maxLogs = 300

func logsAction() session.Action {
	return session.Action{
		Spec: action.Spec{
			Name:  "logs",
			Topic: action.TopicLogs, Short: "show lines of many logs, also since a time; follow them",
			Help: []string{
				"logs\t\t\tShow the last lines that all processes have written.",
				"logs <name> <gname>:* ...\tShow those of these processes; a name may be a pattern.",
				"logs -f [<name> ...]\tShow new lines as they are written, until Ctrl-C.",
				"logs --since 10m <name>\tShow the lines of the last ten minutes.",
				"logs --grep <regexp>\tShow the lines that match.",
				"logs --daemon\t\tShow the log of supervisord.",
			},
			Hidden: true,
			Quoted: true,
			Flags: []action.Flag{
				{Name: "-f", Help: "go on with new lines, also after a restart of supervisord"},
				{Name: "-n", Value: action.Lines, Help: "show so many of the last lines of each log, or all (default 20)"},
				{Name: "--since", Value: action.Moment, Help: "show lines from this time on: 10m (ago), 14:30, 2026-11-30 14:30, yesterday"},
				{Name: "--until", Value: action.Moment, Help: "show lines up to this time"},
				{Name: "--grep", Value: action.RegExp, Help: "show lines that match a regular expression"},
				{Name: "--stdout", Help: "show standard output only"},
				{Name: "--stderr", Help: "show standard error only"},
				{Name: "--daemon", Help: "show the log of supervisord as well, or alone without names"},
			},
			Completes: action.CompleteProcesses,
		},
		UpCheck: true,
		Run:     showLogs,
	}
}

// logSource is one log that is shown.
type logSource struct {
	label   string // before each line
	name    string // of the process; "" for the daemon
	channel string
	cursor  string // where to go on

	partial []byte // the beginning of a line that has no end yet
}

// logRequest is what the arguments ask for.
type logRequest struct {
	follow       bool
	lines        int // 0 for all, -1 for none
	since, until time.Time
	grep         *regexp.Regexp
	sources      []*logSource
}

func showLogs(ctx context.Context, s *session.Session, in action.Arguments) error {
	r := parseLogFlags(in, time.Now())
	if err := findSources(ctx, s, &r, in); err != nil || len(r.sources) == 0 {
		return err
	}
	p := newLogPrinter(s, r.sources, r.grep)
	if err := showPast(ctx, s, &r, p); err != nil {
		if isNotFound(err) {
			s.PrintError("logs: ERROR (" + session.NotSupported + ")")
			return nil
		}
		return err
	}
	if r.follow && len(r.sources) > 0 {
		followLogs(ctx, s, r.sources, p)
		s.Print("")
	}
	return nil
}

// parseLogFlags returns what the flags ask for. Their values have been checked.
func parseLogFlags(in action.Arguments, now time.Time) logRequest {
	r := logRequest{follow: in.Has("-f"), lines: defaultLines}
	if text, ok := in.Flags["--since"]; ok {
		r.since, _ = action.ParseMoment(text, now)
		r.lines = 0
	}
	if text, ok := in.Flags["--until"]; ok {
		r.until, _ = action.ParseMoment(text, now)
		r.lines = 0
	}
	switch text := in.Flags["-n"]; text {
	case "":
	case "all":
		r.lines = 0
	case "0":
		r.lines = -1
	default:
		r.lines, _ = strconv.Atoi(text)
	}
	if text, ok := in.Flags["--grep"]; ok {
		r.grep = regexp.MustCompile(text)
	}
	return r
}

// findSources finds the logs that the words and flags ask for, and reports names that
// there are not.
func findSources(ctx context.Context, s *session.Session, r *logRequest, in action.Arguments) error {
	if in.Has("--daemon") {
		r.sources = append(r.sources, &logSource{label: "supervisord", channel: "daemon"})
		if len(in.Words) == 0 {
			return nil
		}
	}
	var all, found []api.ProcessInfo
	if err := s.Call(ctx, "getAllProcessInfo", &all); err != nil {
		return err
	}
	if action.MeansAll(in.Words) {
		found = all
	} else {
		for _, word := range in.Words {
			some, err := names.Select(all, word)
			switch {
			case err != nil:
				s.PrintError(word + ": ERROR (" + err.Error() + ")")
			case len(some) == 0:
				s.PrintError(word + ": ERROR (no such process)")
			}
			found = append(found, some...)
		}
	}
	channels := []string{"stdout", "stderr"}
	if in.Has("--stdout") != in.Has("--stderr") {
		channels = channels[:1]
		if in.Has("--stderr") {
			channels = []string{"stderr"}
		}
	}
	seen := make(map[string]bool)
	for _, info := range found {
		label := names.Full(info)
		if seen[label] {
			continue
		}
		seen[label] = true
		for _, channel := range channels {
			if hasLog(info, channel) {
				r.sources = append(r.sources, &logSource{label: label, name: info.Group + ":" + info.Name, channel: channel})
			}
		}
	}
	if len(found) > 0 && len(r.sources) == 0 {
		s.PrintError("logs: ERROR (no log file)")
	}
	return nil
}

// hasLog reports whether a channel of a process has a log file.
func hasLog(info api.ProcessInfo, channel string) bool {
	if channel == "stderr" {
		return info.StderrLogfile != ""
	}
	return info.StdoutLogfile != ""
}

// path returns the path of a request for some of the sources.
func (r *logRequest) path(sources []*logSource, follow bool) string {
	q := make(url.Values)
	for _, l := range sources {
		q.Add("log", l.channel+","+l.cursor+","+l.name)
	}
	if follow {
		q.Set("follow", "1")
		return "/logs?" + q.Encode()
	}
	if r.lines > 0 {
		q.Set("lines", strconv.Itoa(r.lines))
	}
	if !r.since.IsZero() {
		q.Set("since", r.since.Format(time.RFC3339Nano))
	}
	if !r.until.IsZero() {
		q.Set("until", r.until.Format(time.RFC3339Nano))
	}
	if r.grep != nil {
		q.Set("grep", r.grep.String())
	}
	if r.follow {
		q.Set("whole", "1")
	}
	return "/logs?" + q.Encode()
}

// showPast shows the past lines of all sources in the order of their times, and leaves
// the cursors after them. Sources that can't be read are taken out.
func showPast(ctx context.Context, s *session.Session, r *logRequest, p *logPrinter) error {
	if r.lines < 0 {
		return nil
	}
	var past []pastLog
	for some := range slices.Chunk(r.sources, maxLogs) {
		body, err := s.Stream(ctx, r.path(some, false))
		if err != nil {
			return err
		}
		err = readPieces(body, func(h pieceHeader, text []byte) error {
			l := some[h.Log]
			l.cursor = h.Next
			past = append(past, pastLog{source: l, header: h, text: slices.Clone(text)})
			return nil
		})
		body.Close()
		if err != io.EOF {
			return fmt.Errorf("read the logs: %w", err)
		}
	}
	failed := make(map[*logSource]bool)
	for _, one := range past {
		l := one.source
		switch h := one.header; {
		case h.Error != "":
			failed[l] = true
			s.PrintError(l.label + ": ERROR (" + h.Error + ")")
		case h.Cut:
			fmt.Fprintf(s.ErrOut(), "%s: older lines are left out; ask for fewer with -n, --since, --until or --grep\n", l.label)
		}
		if h := one.header; h.Error == "" && !h.Dated && !(r.since.IsZero() && r.until.IsZero()) {
			fmt.Fprintf(s.ErrOut(), "%s: some lines have no time, so that all of them are shown\n", l.label)
		}
	}
	r.sources = slices.DeleteFunc(r.sources, func(l *logSource) bool { return failed[l] })
	for _, line := range inOrderOfTime(past, time.Now()) {
		p.print(line.source, line.text)
	}
	p.flush()
	return nil
}

// followLogs shows what is written to the sources until ctx ends.
func followLogs(ctx context.Context, s *session.Session, sources []*logSource, p *logPrinter) {
	var all sync.WaitGroup
	for some := range slices.Chunk(sources, maxLogs) {
		all.Go(func() {
			r := logRequest{}
			err := followStream(ctx, s, func() string { return r.path(some, true) }, func(body io.Reader) error {
				return readPieces(body, func(h pieceHeader, text []byte) error {
					p.addPiece(some[h.Log], h, text)
					return nil
				})
			})
			if err != nil && ctx.Err() == nil {
				fmt.Fprintf(s.ErrOut(), "follow the logs: %s\n", s.Describe(err))
			}
		})
	}
	all.Wait()
}
