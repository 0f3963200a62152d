package ctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"supervisor/ctl/session"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/config/ctlconf"
)

// exchange is one call that a scripted server expects, and its answer.
type exchange struct{ call, answer string }

// scriptedServer answers the calls of its script, which must come in order. If the
// script has no getVersion, the check of the version succeeds. updateProcessGroup
// is unknown, as to Supervisor, unless the script has it.
type scriptedServer struct {
	t      *testing.T
	script []exchange
}

func (f *scriptedServer) dial(ctlconf.Settings) (session.Client, error) { return f, nil }

// next takes the answer of a call from the script.
func (f *scriptedServer) next(call string) (string, error) {
	if len(f.script) == 0 || f.script[0].call != call {
		if call == "getVersion" {
			return `"3.0"`, nil
		}
		if strings.HasPrefix(call, "updateProcessGroup ") { // as Supervisor
			return "", &xmlrpc.Fault{Code: faults.UnknownMethod, Text: "UNKNOWN_METHOD"}
		}
		f.t.Errorf("unexpected call: %s (script: %v)", call, f.script)
		return "", errors.New("unexpected call " + call)
	}
	answer := f.script[0].answer
	f.script = f.script[1:]
	return answer, answerError(answer)
}

// answerError returns the error that an answer stands for, nil for a value.
func answerError(answer string) error {
	kind, rest, _ := strings.Cut(answer, " ")
	switch kind {
	case "refused":
		return &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	case "missing":
		return &net.OpError{Op: "dial", Err: syscall.ENOENT}
	case "error":
		return errors.New(rest)
	case "fault":
		var code int
		number, text, _ := strings.Cut(rest, " ")
		if _, err := fmt.Sscan(number, &code); err != nil {
			return err
		}
		return &xmlrpc.Fault{Code: faults.Code(code), Text: text}
	case "status":
		var code int
		if _, err := fmt.Sscan(rest, &code); err != nil {
			return err
		}
		return &xmlrpc.StatusError{Code: code, Reason: "Reason"}
	}
	return nil
}

func (f *scriptedServer) Call(_ context.Context, method string, reply any, args ...any) error {
	call := strings.TrimPrefix(method, "supervisor.")
	for _, arg := range args {
		text, err := json.Marshal(arg)
		if err != nil {
			return err
		}
		call += " " + string(text)
	}
	answer, err := f.next(call)
	if err != nil || reply == nil {
		return err
	}
	return json.Unmarshal([]byte(answer), reply)
}

func (f *scriptedServer) Stream(_ context.Context, path string) (io.ReadCloser, error) {
	answer, err := f.next("GET " + path)
	if err != nil {
		return nil, err
	}
	var text string
	if err := json.Unmarshal([]byte(answer), &text); err != nil {
		return nil, err
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func (f *scriptedServer) Close() error { return nil }

// newTestSession returns a session with all actions and a server of the test's
// own. The options may leave out what all tests share.
func newTestSession(dial session.Dialer, out, errOut io.Writer, o session.Options) *session.Session {
	o.Settings = ctlconf.Settings{Path: "/etc/supervisord.conf", ServerURL: "unix:///s.sock", Prompt: "supervisor"}
	o.Actions, o.IsOption, o.Dial, o.Out, o.ErrOut = actions(), isOption, dial, out, errOut
	return session.New(o)
}

// exitStatus returns the exit status of a session so far: an empty line does not
// change it.
func exitStatus(s *session.Session) int { return s.Run(nil, nil, []string{""}) }
