package web

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/server/hostheader"
	"supervisor/supervisord/supervisor"
)

// Supervisor is what the pages show and change. A name may be that of a group; errors
// that are shown to the user are *faults.Error.
type Supervisor interface {
	Mood() states.Daemon
	Identifier() string
	// Info fails with BAD_NAME unless the name is that of one process.
	Info(name string) (api.ProcessInfo, error)
	// Infos lists all processes, ordered by group and name.
	Infos() []api.ProcessInfo
	StartProcess(ctx context.Context, name string, c supervisor.Call) ([]api.CallResult, error)
	StopProcess(ctx context.Context, name string, c supervisor.Call) ([]api.CallResult, error)
	StartAll(ctx context.Context, c supervisor.Call) ([]api.CallResult, error)
	StopAll(ctx context.Context, c supervisor.Call) ([]api.CallResult, error)
}

// Logs are the log files of the processes.
type Logs interface {
	ClearLogs(ctx context.Context, name string) error
	// ReadLog returns the last -offset bytes of a log for a negative offset
	// and a length of 0. The channel is "stdout" or "stderr".
	ReadLog(name, channel string, offset, length int64) (logs.Excerpt, error)
}

// Options is what the pages need.
type Options struct {
	Supervisor Supervisor
	Logs       Logs
	Version    string // shown at the foot of the pages
	Log        *slog.Logger
}

// Pages are the pages of one daemon.
type Pages struct {
	opts      Options
	templates func() *template.Template
	since     time.Time // modification time of all files
}

//go:embed templates
var templates embed.FS

// New returns the pages. Nothing is parsed before the first request.
func New(o Options) *Pages {
	return &Pages{opts: o, since: time.Now(), templates: sync.OnceValue(func() *template.Template {
		return template.Must(template.New("").Funcs(template.FuncMap{"text": escapeText}).ParseFS(templates, "templates/*.html"))
	})}
}

// Handler returns the pages for one server of the configuration.
func (p *Pages) Handler(c config.Server) http.Handler {
	s := &server{Pages: p, allowsGet: c.Family == "unix" || c.GetActions, origin: http.NewCrossOriginProtection()}
	s.routes = map[string]page{
		"/":           s.status,
		"/index.html": s.status,
		"/tail.html":  s.tail,
		"/ok.html":    ok,
	}
	return s
}

// server has the pages of one server of the configuration.
type server struct {
	*Pages
	allowsGet bool // a GET may perform actions
	origin    *http.CrossOriginProtection
	routes    map[string]page
}

// page answers a GET or POST. If it returns an error it has written nothing.
type page func(w http.ResponseWriter, r *http.Request, f form) error

// ServeHTTP implements http.Handler. As in Supervisor, other paths and other methods are
// left to the files.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setSecurityHeaders(w.Header())
	if s.origin.Check(hostheader.AsSent(r)) != nil {
		refuseCrossSite(w)
		return
	}
	// Supervisor accepts any number of slashes, because proxies join addresses.
	show, ok := s.routes["/"+strings.TrimLeft(r.URL.Path, "/")]
	if !ok || r.Method != http.MethodGet && r.Method != http.MethodPost {
		s.file(w, r)
		return
	}
	f, err := readForm(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if err := show(w, r, f); err != nil {
		s.opts.Log.Error(fmt.Sprintf("Web interface error: %v", err))
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// setSecurityHeaders forbids browsers everything that the pages don't need. With a
// stricter Referrer-Policy browsers would not send the origin of our own forms either,
// and those would be refused.
func setSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
}

// refuseCrossSite answers a POST that a page of another site made the browser send.
func refuseCrossSite(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusForbidden)
	fmt.Fprintln(w, "Refused: this request comes from a page of another site.\n"+
		"If it does not, a proxy in front of supervisord has changed the Host header; have the proxy pass it on.")
}

// ok is the health check: the daemon answers, in whatever state it is.
func ok(w http.ResponseWriter, _ *http.Request, _ form) error {
	w.Header().Set("Content-Type", "text/plain")
	_, _ = w.Write([]byte("OK")) // fails only if the client has gone
	return nil
}

// checkRunning fails once the daemon is about to end: from then on pages about processes
// are refused, as calls are.
func (p *Pages) checkRunning() error {
	if p.opts.Supervisor.Mood() != states.DaemonRunning {
		return faults.Bare(faults.ShutdownState)
	}
	return nil
}

// baseView is the part that the views of all pages have.
type baseView struct{ Title, Identifier, Version string }

func (p *Pages) baseView(title string) baseView {
	return baseView{printable(title), printable(p.opts.Supervisor.Identifier()), p.opts.Version}
}

// show renders a view by the template of that name, and sends it.
func (p *Pages) show(w http.ResponseWriter, status int, name string, view any) error {
	page, err := p.render(name, view)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html;charset=utf-8")
	forbidCaching(h)
	h.Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	_, _ = w.Write(page) // fails only if the client has gone
	return nil
}

// render renders a view by the template of that name.
func (p *Pages) render(name string, view any) ([]byte, error) {
	var b bytes.Buffer
	err := p.templates().ExecuteTemplate(&b, name, view)
	return b.Bytes(), err
}

func forbidCaching(h http.Header) {
	h.Set("Pragma", "no-cache")
	h.Set("Cache-Control", "no-cache")
	h.Set("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")
}

// redirect redirects the client, without a body. http.Redirect would make a relative
// address absolute, using a path that a proxy may have shortened.
func redirect(w http.ResponseWriter, url string, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Location", url)
	w.WriteHeader(status)
}
