package follow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"strings"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/config/python"
)

// tailBytes is how much of a log is shown by default.
const tailBytes = 1600

const followBanner = "==> Press Ctrl-C to exit <=="

// Actions returns the actions of the package.
func Actions() []session.Action {
	return []session.Action{
		eventsAction(),
		logsAction(),
		{
			Spec: action.Spec{
				Name: "tail",
				Help: []string{
					"tail [-f] <name> [stdout|stderr] (default stdout)",
					"Ex:",
					"tail -f <name>\t\tContinuous tail of named process stdout",
					"\t\t\tCtrl-C to exit.",
					"tail -100 <name>\tlast 100 *bytes* of process stdout",
					"tail <name> stderr\tlast 1600 *bytes* of process stderr",
				},
				Operand:   isTailRange,
				Completes: action.CompleteProcesses,
			},
			UpCheck: true, Run: tail,
		},
		{
			Spec: action.Spec{
				Name: "maintail",
				Help: []string{
					"maintail -f \tContinuous tail of supervisor main log file (Ctrl-C to exit)",
					"maintail -100\tlast 100 *bytes* of supervisord main log file",
					"maintail\tlast 1600 *bytes* of supervisor main log file",
					"",
				},
				Operand: isTailRange,
			},
			UpCheck: true, Run: maintail,
		},
		{
			Spec: action.Spec{
				Name: "fg",
				Help: []string{
					"fg <process>\tConnect to a process in foreground mode",
					"\t\tCtrl-C to exit",
				},
				Completes: action.CompleteProcesses,
			},
			UpCheck: true, Run: foreground,
		},
	}
}

// tailRange is how much of a log to show: the last bytes, everything behind the
// first -bytes if the number is negative, or the end and all that is to come.
type tailRange struct {
	bytes  int
	follow bool
}

// parseTailRange reads "-f", "-100" or "--100". The word begins with a hyphen.
func parseTailRange(word string) (tailRange, bool) {
	if word == "-f" {
		return tailRange{follow: true}, true
	}
	n, ok := parseInt(word[1:])
	return tailRange{bytes: n}, ok
}

// isTailRange reports whether a word is a range. The first word is one even if it
// can't be read, unless it has two hyphens: Supervisor has its own message for
// that.
func isTailRange(word string, before int) bool {
	if !strings.HasPrefix(word, "-") {
		return false
	}
	_, ok := parseTailRange(word)
	return ok || before == 0 && !strings.HasPrefix(word, "--")
}

// parseInt reads an integer as Python does. The result is limited to what an
// XML-RPC int can hold, since no log is longer than that.
func parseInt(text string) (int, bool) {
	n, ok := python.ParseInt(text, 10)
	return int(min(max(n, -math.MaxInt32), math.MaxInt32)), ok
}

// tail shows or follows the log of a process.
func tail(ctx context.Context, s *session.Session, in action.Arguments) error {
	switch n := len(in.Words); {
	case n == 0:
		s.PrintUsageError("tail", "Error: too few arguments", session.ExitGeneric)
		return nil
	case n > 3:
		s.PrintUsageError("tail", "Error: too many arguments", session.ExitGeneric)
		return nil
	}
	r, err := parseTail(in)
	if err != nil {
		s.PrintError("Error: " + err.Error())
		return nil
	}
	if r.follow {
		return followLog(ctx, s, logPath(r.name, r.channel))
	}
	method := "readProcessStdoutLog"
	if r.channel == "stderr" {
		method = "readProcessStderrLog"
	}
	return readLog(ctx, s, r.name, method, r.name, -r.bytes, 0)
}

// tailRequest is what the words behind tail ask for.
type tailRequest struct {
	tailRange
	name    string
	channel string // "stdout" or "stderr"
}

// parseTail reads "[-f|-N] name [channel]". If there are three words and none is
// a range, it ignores the middle one, as Supervisor does.
func parseTail(in action.Arguments) (tailRequest, error) {
	words := in.Words
	r := tailRequest{tailRange: tailRange{bytes: tailBytes}, channel: "stdout"}
	modifier := ""
	if in.LiteralFrom > 0 && strings.HasPrefix(words[0], "-") {
		modifier, words = words[0], words[1:]
	}
	if len(words) == 0 {
		return r, errors.New("tail requires process name")
	}
	r.name = words[0]
	if len(words) > 1 {
		r.channel = strings.ToLower(words[len(words)-1])
	}
	if r.channel != "stdout" && r.channel != "stderr" {
		return r, fmt.Errorf("bad channel %s", python.Repr(r.channel))
	}
	if modifier != "" {
		var ok bool
		if r.tailRange, ok = parseTailRange(modifier); !ok {
			return r, fmt.Errorf("bad argument %s", modifier)
		}
	}
	return r, nil
}

// maintail shows or follows the daemon's own log.
func maintail(ctx context.Context, s *session.Session, in action.Arguments) error {
	r := tailRange{bytes: tailBytes}
	switch words := in.Words; len(words) {
	case 0:
	case 1:
		ok := in.LiteralFrom > 0 && strings.HasPrefix(words[0], "-")
		if ok {
			r, ok = parseTailRange(words[0])
		}
		if !ok {
			s.PrintError("Error: bad argument " + words[0])
			return nil
		}
	default:
		s.PrintUsageError("maintail", "Error: too many arguments", session.ExitGeneric)
		return nil
	}
	if r.follow {
		return followLog(ctx, s, streamPath{raw: "/mainlogtail", escaped: "/mainlogtail"})
	}
	return readLog(ctx, s, "supervisord", "readLog", -r.bytes, 0)
}

// readLog prints what a method returns of a log. The log of a process usually
// ends in a newline of its own, so an empty line follows.
func readLog(ctx context.Context, s *session.Session, name, method string, args ...any) error {
	var text string
	err := s.Call(ctx, method, &text, args...)
	switch {
	case err == nil:
		fmt.Fprintln(s.Out(), text)
	case session.HasCode(err, faults.NoFile):
		s.PrintError(name + ": ERROR (no log file)")
	case session.HasCode(err, faults.Failed):
		s.PrintError(name + ": ERROR (unknown error reading log)")
	case session.HasCode(err, faults.BadName):
		s.PrintError(name + ": ERROR (no such process name)")
	default:
		return err
	}
	return nil
}

// streamPath is the path of a followed log, as it is shown and as it is sent.
type streamPath struct{ raw, escaped string }

func logPath(name, channel string) streamPath {
	return streamPath{
		raw:     "/logtail/" + name + "/" + channel,
		escaped: "/logtail/" + url.PathEscape(name) + "/" + channel,
	}
}

// followLog copies a log until Ctrl-C, which is the usual way to end it and no
// failure.
func followLog(ctx context.Context, s *session.Session, path streamPath) error {
	s.Print(followBanner)
	if err := copyStream(ctx, s, path); err != nil {
		s.SetExit(session.ExitGeneric)
	}
	if ctx.Err() != nil {
		s.Print("")
	}
	return nil
}

// copyStream shows the bytes of a stream until the server or ctx ends it. It
// returns an error, which it has also written to the error output, if the stream
// can't be opened.
func copyStream(ctx context.Context, s *session.Session, path streamPath) error {
	body, err := s.Stream(ctx, path.escaped)
	if err == nil {
		defer body.Close()
		// How the stream ends does not matter: a server that goes away breaks it
		// in many ways, and all of them mean that there is no more.
		_, _ = io.Copy(s.Out(), body)
		return nil
	}
	if ctx.Err() != nil {
		return nil
	}
	address := s.ServerURL() + path.raw
	if status, ok := errors.AsType[*xmlrpc.StatusError](err); ok {
		fmt.Fprintf(s.ErrOut(), "%s Cannot read, status code %d\n", address, status.Code)
	} else {
		fmt.Fprintf(s.ErrOut(), "%s Cannot connect, error: %s\n", address, s.Describe(err))
	}
	return err
}
