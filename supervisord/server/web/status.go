package web

import (
	"net/http"
	"strings"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
)

// statusView is the view of the status page.
type statusView struct {
	baseView
	Message string // "" for none
	Buttons []entry
	Rows    []row
}

// row is the row of one process.
type row struct {
	Class       string
	State       string
	StateClass  string
	Description string
	Name        string
	Tail        string // address of the tail page
	Actions     []entry
}

// entry is an action or a link that is offered. An action that changes something has a
// button; it also has a link, because programs look for it.
type entry struct {
	Text    string
	Label   string // for screen readers, with the name of the process
	Href    string
	Changes bool
	NewTab  bool
}

// status shows all processes, or performs an action and redirects.
func (s *server) status(w http.ResponseWriter, r *http.Request, f form) error {
	if err := s.checkRunning(); err != nil {
		return err
	}
	if f["action"] != "" {
		return s.runAction(w, r, f)
	}
	view := statusView{baseView: s.baseView("Supervisor Status"), Message: printable(f["message"])}
	for _, name := range []string{"refresh", "restartall", "stopall"} {
		a := actions[name]
		view.Buttons = append(view.Buttons, entry{Text: a.text, Href: a.href(name, ""), Changes: a.changes})
	}
	for i, info := range s.opts.Supervisor.Infos() {
		view.Rows = append(view.Rows, newRow(i, info))
	}
	return s.show(w, http.StatusOK, "status.html", view)
}

func newRow(i int, info api.ProcessInfo) row {
	name := namespec.Join(info.Group, info.Name)
	r := row{
		State:       strings.ToLower(info.StateName),
		StateClass:  stateClass(info.State),
		Description: printable(info.Description),
		Name:        printable(name),
		Tail:        "tail.html?processname=" + quote(name),
		Actions:     entries(name, info.State),
	}
	if i%2 == 1 {
		r.Class = "shade"
	}
	return r
}

func stateClass(st states.Process) string {
	switch st {
	case states.Running:
		return "statusrunning"
	case states.Fatal, states.Backoff:
		return "statuserror"
	default:
		return "statusnominal"
	}
}

// entries returns what is offered for a process. There are always five entries; those
// that its state does not allow are empty.
func entries(name string, st states.Process) []entry {
	var list [5]entry
	switch st {
	case states.Running:
		list[0], list[1] = processEntry("restart", name), processEntry("stop", name)
	case states.Stopped, states.Exited, states.Fatal:
		list[0] = processEntry("start", name)
	case states.Starting, states.Stopping, states.Backoff, states.Unknown:
		// Only its logs. Supervisor's page offers no stop here either.
	}
	list[2] = processEntry("clearlog", name)
	list[3] = entry{Text: "Tail -f Stdout", Label: "Tail -f Stdout of " + printable(name), Href: "logtail/" + quote(name), NewTab: true}
	list[4] = entry{Text: "Tail -f Stderr", Label: "Tail -f Stderr of " + printable(name), Href: "logtail/" + quote(name) + "/stderr", NewTab: true}
	return list[:]
}

func processEntry(verb, name string) entry {
	a := actions[verb]
	return entry{Text: a.text, Label: a.label(name), Href: a.href(verb, name), Changes: a.changes}
}
