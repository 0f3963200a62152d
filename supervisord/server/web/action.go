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

// action is an action of the status page.
type action struct {
	text    string // on its button
	changes bool   // false for one that only shows something
	process bool   // it needs the name of a process
	do      func(ctx context.Context, p *Pages, name string) (message string)
}

// actions are all actions, by the value of the parameter action.
var actions = map[string]action{
	"refresh":    {text: "Refresh", do: refresh},
	"restartall": {text: "Restart All", changes: true, do: restartAll},
	"stopall":    {text: "Stop All", changes: true, do: stopAll},
	"start":      {text: "Start", changes: true, process: true, do: start},
	"stop":       {text: "Stop", changes: true, process: true, do: stop},
	"restart":    {text: "Restart", changes: true, process: true, do: restart},
	"clearlog":   {text: "Clear Log", changes: true, process: true, do: clearLog},
}

// href returns the address of the action, whose name is verb.
func (a action) href(verb, name string) string {
	if !a.process {
		return "index.html?action=" + verb
	}
	return "index.html?processname=" + quote(name) + "&action=" + verb
}

// label returns the action's text with the name of the process.
func (a action) label(name string) string {
	if !a.process {
		return a.text
	}
	return a.text + " " + printable(name)
}

// runAction performs the action of a form, and redirects the client to the status page
// with the outcome.
func (s *server) runAction(w http.ResponseWriter, r *http.Request, f form) error {
	verb, name := f["action"], f["processname"]
	a, known := actions[verb]
	if !known || a.process {
		if name == "" {
			return fmt.Errorf("no process for action %q", verb)
		}
		if _, err := s.opts.Supervisor.Info(name); err != nil {
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

// confirmView is the page that asks to confirm an action.
type confirmView struct {
	baseView
	Label, Href string
}

// isConfirmed reports whether the user intends the action. A POST has already been
// checked to come from our own form or from a script. A GET can't be distinguished from
// a link in a page of another site, except on sockets that browsers can't reach. If a
// proxy lets browsers reach even those, the origin check may still refuse it.
func (s *server) isConfirmed(r *http.Request) bool {
	if r.Method == http.MethodPost {
		return true
	}
	asPost := hostheader.AsSent(r)
	asPost.Method = http.MethodPost
	return s.allowsGet && s.origin.Check(asPost) == nil
}

// redirectWithMessage redirects to the status page with a message. A form gets status
// 303 and a relative address, which is right behind any proxy; if a proxy puts a path
// into Host, the address begins with that path. A GET comes from a script written for
// Supervisor and gets Supervisor's answer, byte for byte; it is not cached.
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

// baseURL returns the address by which Supervisor refers to itself: the Host of the
// request or, if there is none, the address of the TCP socket.
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

// now returns the time in the format of C's ctime.
func now() string { return time.Now().Format(time.ANSIC) }

func refresh(context.Context, *Pages, string) string { return "Page refreshed at " + now() }

// stopAll ignores the results: the page shows the state of every process.
func stopAll(ctx context.Context, p *Pages, _ string) string {
	_, _ = p.opts.Supervisor.StopAll(ctx, supervisor.Call{Wait: true})
	return "All stopped at " + now()
}

// restartAll goes on when the client hangs up, and so does restart: to close a browser
// window must not leave everything stopped.
func restartAll(ctx context.Context, p *Pages, _ string) string {
	ctx = context.WithoutCancel(ctx)
	_, _ = p.opts.Supervisor.StopAll(ctx, supervisor.Call{Wait: true})
	if err := p.checkRunning(); err != nil {
		return unexpectedFault(err)
	}
	_, _ = p.opts.Supervisor.StartAll(ctx, supervisor.Call{Wait: true})
	return "All restarted at " + now()
}

func start(ctx context.Context, p *Pages, name string) string {
	if _, err := p.opts.Supervisor.StartProcess(ctx, name, supervisor.Call{Wait: true}); err != nil {
		return fmt.Sprintf("ERROR: Process %s: %s", name, startReason(err))
	}
	return fmt.Sprintf("Process %s started", name)
}

func stop(ctx context.Context, p *Pages, name string) string {
	if _, err := p.opts.Supervisor.StopProcess(ctx, name, supervisor.Call{Wait: true}); err != nil {
		return unexpectedFault(err)
	}
	return fmt.Sprintf("Process %s stopped", name)
}

// restart reports the step that failed. It is not a failure if the process was not
// running.
func restart(ctx context.Context, p *Pages, name string) string {
	ctx = context.WithoutCancel(ctx)
	_, err := p.opts.Supervisor.StopProcess(ctx, name, supervisor.Call{Wait: true})
	if err != nil && faultCode(err) != faults.NotRunning {
		return unexpectedFault(err)
	}
	if err := p.checkRunning(); err != nil {
		return unexpectedFault(err)
	}
	if _, err := p.opts.Supervisor.StartProcess(ctx, name, supervisor.Call{Wait: true}); err != nil {
		return fmt.Sprintf("ERROR: Process %s: %s", name, startReason(err))
	}
	return fmt.Sprintf("Process %s restarted", name)
}

func clearLog(ctx context.Context, p *Pages, name string) string {
	if err := p.opts.Logs.ClearLogs(ctx, name); err != nil {
		return unexpectedFault(err)
	}
	return fmt.Sprintf("Log for %s cleared", name)
}

// startReason returns the text for a failed start.
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

// faultCode returns the code of a fault, and FAILED for any other error.
func faultCode(err error) faults.Code {
	if fault, ok := errors.AsType[*faults.Error](err); ok {
		return fault.Code
	}
	return faults.Failed
}
