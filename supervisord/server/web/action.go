package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/server/hostheader"
	"supervisor/supervisord/supervisor"
)

// action is something that can be done on the status page.
type action struct {
	text    string // on its button
	changes bool   // anything at all
	process bool   // it wants the name of one
	do      func(ctx context.Context, p *Pages, name string) (message string)
}

// actions has them all, by the value of the parameter action.
var actions = map[string]action{
	"refresh":    {text: "Refresh", do: refresh},
	"restartall": {text: "Restart All", changes: true, do: restartAll},
	"stopall":    {text: "Stop All", changes: true, do: stopAll},
	"start":      {text: "Start", changes: true, process: true, do: start},
	"stop":       {text: "Stop", changes: true, process: true, do: stop},
	"restart":    {text: "Restart", changes: true, process: true, do: restart},
	"clearlog":   {text: "Clear Log", changes: true, process: true, do: clearLog},
}

// href is the address of the action called verb.
func (a action) href(verb, name string) string {
	if !a.process {
		return "index.html?action=" + verb
	}
	return "index.html?processname=" + quote(name) + "&action=" + verb
}

// label is the action's text with what it is done to.
func (a action) label(name string) string {
	if !a.process {
		return a.text
	}
	return a.text + " " + printable(name)
}

// runAction carries out the action that a form asks for and sends the client to the
// status page to read what came of it.
func (s *server) runAction(w http.ResponseWriter, r *http.Request, f form) error {
	verb, name := f["action"], f["processname"]
	a, known := actions[verb]
	if !known || a.process {
		if name == "" {
			return fmt.Errorf("no process for action %q", verb)
		}
		if _, err := s.Supervisor.Info(name); err != nil {
			s.redirectWithMessage(w, r, "No such process named "+name)
			return nil
		}
	}
	if !known {
		return fmt.Errorf("unknown action %q", verb)
	}
	if a.changes && !s.isConfirmed(r) {
		w.Header().Set("Allow", http.MethodPost)
		return s.show(w, http.StatusMethodNotAllowed, "confirm.html",
			confirmView{s.baseView("Supervisor Status"), a.label(name), a.href(verb, name)})
	}
	s.redirectWithMessage(w, r, a.do(r.Context(), s.Pages, name))
	return nil
}

// confirmView asks whether an action is meant.
type confirmView struct {
	baseView
	Label, Href string
}

// isConfirmed tells whether whoever has sent the request wants it. A POST was found
// to be ours or a script's before it came here. A GET can't be told from one
// that somebody else put into a page, except where browsers don't get; should
// a proxy bring them even there, they may still say where they come from.
func (s *server) isConfirmed(r *http.Request) bool {
	if r.Method == http.MethodPost {
		return true
	}
	asPost := hostheader.AsSent(r)
	asPost.Method = http.MethodPost
	return s.allowsGet && s.origin.Check(asPost) == nil
}

// redirectWithMessage redirects to the status page with a message. Forms get the status that
// is meant for them and an address relative to theirs, which is right behind any
// proxy; but a proxy that puts a path into Host means the page to be there. A GET
// comes from a script written for Supervisor and gets what that answers, to the
// byte; it is not cached.
func (s *server) redirectWithMessage(w http.ResponseWriter, r *http.Request, message string) {
	forbidCaching(w.Header())
	address := "/?message=" + quote(message)
	if r.Method != http.MethodPost {
		redirect(w, baseURL(r)+address, http.StatusMovedPermanently)
		return
	}
	base := hostheader.Path(r.Host)
	if base == "" {
		base = "."
	}
	redirect(w, base+address, http.StatusSeeOther)
}

// baseURL is how Supervisor refers to itself: by what the client has put into
// Host, and without that by its own address, if that is one of TCP.
func baseURL(r *http.Request) string {
	if base := hostheader.Base(r.Host); base != "" {
		return "http://" + base
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok {
		return ""
	}
	host := local.IP.String()
	if local.IP.IsLoopback() {
		host = "localhost"
	}
	return "http://" + hostheader.Base(net.JoinHostPort(host, strconv.Itoa(local.Port)))
}

// now is the time as C's ctime writes it.
func now() string { return time.Now().Format(time.ANSIC) }

func refresh(context.Context, *Pages, string) string { return "Page refreshed at " + now() }

// The results of single processes are to be seen on the page.

func stopAll(ctx context.Context, p *Pages, _ string) string {
	_, _ = p.Supervisor.StopAll(ctx, supervisor.Call{Wait: true})
	return "All stopped at " + now()
}

// restartAll goes on when the client hangs up: who closes a window does not
// mean to leave everything stopped. The same goes for restart.
func restartAll(ctx context.Context, p *Pages, _ string) string {
	ctx = context.WithoutCancel(ctx)
	_, _ = p.Supervisor.StopAll(ctx, supervisor.Call{Wait: true})
	if err := p.checkRunning(); err != nil {
		return unexpectedFault(err)
	}
	_, _ = p.Supervisor.StartAll(ctx, supervisor.Call{Wait: true})
	return "All restarted at " + now()
}

func start(ctx context.Context, p *Pages, name string) string {
	if _, err := p.Supervisor.StartProcess(ctx, name, supervisor.Call{Wait: true}); err != nil {
		return fmt.Sprintf("ERROR: Process %s: %s", name, startReason(err))
	}
	return fmt.Sprintf("Process %s started", name)
}

func stop(ctx context.Context, p *Pages, name string) string {
	if _, err := p.Supervisor.StopProcess(ctx, name, supervisor.Call{Wait: true}); err != nil {
		return unexpectedFault(err)
	}
	return fmt.Sprintf("Process %s stopped", name)
}

// restart reports the step that failed. That there was nothing to stop is no
// failure.
func restart(ctx context.Context, p *Pages, name string) string {
	ctx = context.WithoutCancel(ctx)
	_, err := p.Supervisor.StopProcess(ctx, name, supervisor.Call{Wait: true})
	if err != nil && faultCode(err) != faults.NotRunning {
		return unexpectedFault(err)
	}
	if err := p.checkRunning(); err != nil {
		return unexpectedFault(err)
	}
	if _, err := p.Supervisor.StartProcess(ctx, name, supervisor.Call{Wait: true}); err != nil {
		return fmt.Sprintf("ERROR: Process %s: %s", name, startReason(err))
	}
	return fmt.Sprintf("Process %s restarted", name)
}

func clearLog(ctx context.Context, p *Pages, name string) string {
	if err := p.Supervisor.ClearLogs(ctx, name); err != nil {
		return unexpectedFault(err)
	}
	return fmt.Sprintf("Log for %s cleared", name)
}

// startReason says why a start has failed.
func startReason(err error) string {
	switch faultCode(err) {
	case faults.NoFile:
		return "no such file"
	case faults.NotExecutable:
		return "file not executable"
	case faults.AlreadyStarted:
		return "already started"
	case faults.SpawnError:
		return "spawn error"
	case faults.AbnormalTermination:
		return "abnormal termination"
	default:
		return unexpectedFault(err)
	}
}

func unexpectedFault(err error) string {
	return fmt.Sprintf("unexpected rpc fault [%d] %v", faultCode(err), err)
}

// faultCode is the number of a fault; whatever is none has FAILED.
func faultCode(err error) faults.Code {
	if fault, ok := errors.AsType[*faults.Error](err); ok {
		return fault.Code
	}
	return faults.Failed
}
