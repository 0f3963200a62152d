package ctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"strings"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/config/python"
)

// tailBytes is how much of a log is shown unless told otherwise.
const tailBytes = 1600

const followBanner = "==> Press Ctrl-C to exit <=="

func logActions() []action {
	return []action{
		{
			name: "tail",
			help: []string{
				"tail [-f] <name> [stdout|stderr] (default stdout)",
				"Ex:",
				"tail -f <name>\t\tContinuous tail of named process stdout",
				"\t\t\tCtrl-C to exit.",
				"tail -100 <name>\tlast 100 *bytes* of process stdout",
				"tail <name> stderr\tlast 1600 *bytes* of process stderr",
			},
			upCheck:   true,
			operand:   isTailRange,
			completes: completeProcesses,
			run:       (*session).tail,
		},
		{
			name: "maintail",
			help: []string{
				"maintail -f \tContinuous tail of supervisor main log file (Ctrl-C to exit)",
				"maintail -100\tlast 100 *bytes* of supervisord main log file",
				"maintail\tlast 1600 *bytes* of supervisor main log file",
				"",
			},
			upCheck: true,
			operand: isTailRange,
			run:     (*session).maintail,
		},
		{
			name: "clear",
			help: []string{
				"clear <name>\t\tClear a process' log files.",
				"clear <name> <name>\tClear multiple process' log files",
				"clear all\t\tClear all process' log files",
			},
			upCheck: true, minArgs: 1, requires: "a process name",
			completes: completeProcesses,
			run: func(s *session, ctx context.Context, in arguments) error {
				return s.apply(ctx, clearVerb(), in.words)
			},
		},
	}
}

// clearVerb has no group form: the daemon offers none, and "web:*" is a name
// that no process has.
func clearVerb() verb {
	return verb{
		one: "clearProcessLogs", all: "clearAllProcessLogs",
		done: "cleared",
		faultTexts: map[faults.Code]string{
			faults.BadName: "no such process",
			faults.Failed:  "failed",
		},
	}
}

// tailRange is how much of a log to show: the last bytes, everything from a
// negative number of bytes on, or the end and whatever is to come.
type tailRange struct {
	bytes  int
	follow bool
}

// parseTailRange reads "-f", "-100" or "--100", the dash being known to be there.
func parseTailRange(word string) (tailRange, bool) {
	if word == "-f" {
		return tailRange{follow: true}, true
	}
	n, ok := parseInt(word[1:])
	return tailRange{bytes: n}, ok
}

// isTailRange reports whether a word is an extent. The first word is one if there is
// one hyphen: Supervisor has words of its own for those that it can't read.
func isTailRange(word string, before int) bool {
	if !strings.HasPrefix(word, "-") {
		return false
	}
	_, ok := parseTailRange(word)
	return ok || before == 0 && !strings.HasPrefix(word, "--")
}

// parseInt reads an integer as Python does. What exceeds an XML-RPC int is cut
// to one, since no log is longer than that.
func parseInt(text string) (int, bool) {
	n, ok := python.ParseInt(text, 10)
	return int(min(max(n, -math.MaxInt32), math.MaxInt32)), ok
}

// tail shows or follows a process's log.
func (s *session) tail(ctx context.Context, in arguments) error {
	if n := len(in.words); n == 0 || n > 3 {
		a, _ := s.find("tail")
		message := "Error: too few arguments"
		if n > 3 {
			message = "Error: too many arguments"
		}
		s.printUsageError(a, message, exitGeneric)
		return nil
	}
	what, err := parseTail(in)
	if err != nil {
		s.printError("Error: " + err.Error())
		return nil
	}
	if what.follow {
		return s.followLog(ctx, logPath(what.name, what.channel))
	}
	method := "readProcessStdoutLog"
	if what.channel == "stderr" {
		method = "readProcessStderrLog"
	}
	return s.readLog(ctx, what.name, method, what.name, -what.bytes, 0)
}

// tailRequest is what the words behind tail ask for.
type tailRequest struct {
	tailRange
	name    string
	channel string // "stdout" or "stderr"
}

// parseTail reads "[-f|-N] name [channel]". Of three words without a modifier
// the middle one is not looked at.
func parseTail(in arguments) (tailRequest, error) {
	words := in.words
	r := tailRequest{tailRange: tailRange{bytes: tailBytes}, channel: "stdout"}
	modifier := ""
	if in.literalFrom > 0 && strings.HasPrefix(words[0], "-") {
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
func (s *session) maintail(ctx context.Context, in arguments) error {
	a, _ := s.find("maintail")
	tail := tailRange{bytes: tailBytes}
	switch words := in.words; len(words) {
	case 0:
	case 1:
		ok := in.literalFrom > 0 && strings.HasPrefix(words[0], "-")
		if ok {
			tail, ok = parseTailRange(words[0])
		}
		if !ok {
			s.printError("Error: bad argument " + words[0])
			return nil
		}
	default:
		s.printUsageError(a, "Error: too many arguments", exitGeneric)
		return nil
	}
	if tail.follow {
		return s.followLog(ctx, streamPath{raw: "/mainlogtail", escaped: "/mainlogtail"})
	}
	return s.readLog(ctx, "supervisord", "readLog", -tail.bytes, 0)
}

// readLog prints what a reading method returns. The log of a process usually
// ends in a newline of its own, so an empty line follows.
func (s *session) readLog(ctx context.Context, name, method string, args ...any) error {
	var text string
	err := s.call(ctx, method, &text, args...)
	switch {
	case err == nil:
		fmt.Fprintln(s.out, text)
	case hasCode(err, faults.NoFile):
		s.printError(name + ": ERROR (no log file)")
	case hasCode(err, faults.Failed):
		s.printError(name + ": ERROR (unknown error reading log)")
	case hasCode(err, faults.BadName):
		s.printError(name + ": ERROR (no such process name)")
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
func (s *session) followLog(ctx context.Context, path streamPath) error {
	s.print(followBanner)
	if err := s.copyStream(ctx, path); err != nil {
		s.exit = exitGeneric
	}
	if ctx.Err() != nil {
		s.print("")
	}
	return nil
}

// copyStream shows the bytes of a stream until the server ends it or ctx does.
// That the stream could not be opened is said on the error output.
func (s *session) copyStream(ctx context.Context, path streamPath) error {
	server, err := s.connection()
	if err != nil {
		return err
	}
	body, err := server.Stream(ctx, path.escaped)
	if err == nil {
		defer body.Close()
		// How the stream ends does not matter: the server going away breaks
		// it in many ways, all of which mean that there is no more.
		_, _ = io.Copy(s.out, body)
		return nil
	}
	if ctx.Err() != nil {
		return nil
	}
	address := s.settings.ServerURL + path.raw
	if status, ok := errors.AsType[*xmlrpc.StatusError](err); ok {
		fmt.Fprintf(s.errOut, "%s Cannot read, status code %d\n", address, status.Code)
	} else {
		fmt.Fprintf(s.errOut, "%s Cannot connect, error: %s\n", address, s.describe(err))
	}
	return err
}
