package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/config/shlex"
)

// JSON writes everything that was understood of a configuration, for programs
// that want to know: an object with "accepted", "groups", "http_servers",
// "infos", "rpcinterfaces", "supervisord" and "warnings". Modes and masks are
// octal text, numbers of users come with the text that named them, log files
// are a path, "AUTO" or null.
func (c *Config) JSON() ([]byte, error) {
	result := jsonConfig{
		Accepted:      true,
		Groups:        make([]jsonGroup, len(c.Groups)),
		HTTPServers:   make([]map[string]any, len(c.Servers)),
		Infos:         append([]string{}, c.Infos...),
		RPCInterfaces: make([]jsonPlugin, len(c.RPCInterfaces)),
		Supervisord:   c.Supervisord.json(),
		Warnings:      append([]string{}, c.Warnings...),
	}
	for i, g := range c.Groups {
		result.Groups[i] = g.json()
	}
	for i, s := range c.Servers {
		result.HTTPServers[i] = s.json()
	}
	for _, s := range c.Sockets {
		result.Sockets = append(result.Sockets, jsonListen{s.Name, s.URL})
	}
	for i, r := range c.RPCInterfaces {
		result.RPCInterfaces[i] = jsonPlugin{r.Factory, r.Name, r.Options}
	}
	return marshal(result)
}

// JSON writes why a configuration was refused: "accepted", which is false, and
// "error", the text that Supervisor prints.
func (e Errors) JSON() ([]byte, error) {
	return marshal(struct {
		Accepted bool   `json:"accepted"`
		Error    string `json:"error"`
	}{false, e.Error()})
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(v)
	return b.Bytes(), err
}

type jsonConfig struct {
	Accepted      bool             `json:"accepted"`
	Groups        []jsonGroup      `json:"groups"`
	HTTPServers   []map[string]any `json:"http_servers"`
	Infos         []string         `json:"infos"`
	RPCInterfaces []jsonPlugin     `json:"rpcinterfaces"`
	Sockets       []jsonListen     `json:"sockets,omitempty"` // Supervisor doesn't know them
	Supervisord   map[string]any   `json:"supervisord"`
	Warnings      []string         `json:"warnings"`
}

type jsonPlugin struct {
	Factory string            `json:"factory"`
	Name    string            `json:"name"`
	Options map[string]string `json:"options"`
}

type jsonListen struct {
	Name   string `json:"name"`
	Listen string `json:"listen"`
}

// jsonID is a user or group with the text that named it.
type jsonID struct {
	ID   int    `json:"id"`
	Text string `json:"text"`
}

func newID(id int, text string) jsonID {
	if text == "" {
		text = strconv.Itoa(id)
	}
	return jsonID{id, text}
}

type jsonOwner struct {
	GID jsonID `json:"gid"`
	UID jsonID `json:"uid"`
}

// newOwner makes "user:group" and the ids found for it readable again.
func newOwner(uid, gid int, text string) jsonOwner {
	user, group, _ := strings.Cut(text, ":")
	return jsonOwner{GID: newID(gid, group), UID: newID(uid, user)}
}

func jsonMode[T int | uint32](mode T) string { return fmt.Sprintf("%04o", mode) }

// orNull is null for an empty text, unless that was configured.
func orNull(s string, configured bool) any {
	if s == "" && !configured {
		return nil
	}
	return s
}

func (s *Supervisord) json() map[string]any {
	var uid any
	if s.UID != nil {
		uid = newID(*s.UID, s.User)
	}
	v := map[string]any{
		"childlogdir":      s.ChildLogDir,
		"directory":        orNull(s.Directory, false),
		"environment":      s.Environment.toMap(),
		"identifier":       s.Identifier,
		"logfile":          s.Logfile,
		"logfile_backups":  s.LogfileBackups,
		"logfile_maxbytes": s.LogfileMaxBytes,
		"loglevel":         s.LogLevel.String(),
		"minfds":           s.MinFDs,
		"minprocs":         s.MinProcs,
		"nocleanup":        s.NoCleanup,
		"nodaemon":         s.NoDaemon,
		"pidfile":          s.Pidfile,
		"serverurl":        orNull(s.ServerURL, false),
		"silent":           s.Silent,
		"strip_ansi":       s.StripANSI,
		"uid":              uid,
		"umask":            jsonMode(s.Umask),
		"user":             orNull(s.User, false),
	}
	// Supervisor doesn't know these.
	if s.Subreaper != Auto {
		v["subreaper"] = s.Subreaper == Yes
	}
	if s.StateFileSet {
		v["state_file"] = orNull(s.StateFile, false)
	}
	if s.ShutdownTimeout != Forever {
		v["shutdown_timeout"] = s.ShutdownTimeout.String()
	}
	if s.ShutdownParallel {
		v["shutdown_parallel"] = true
	}
	if s.UpdateGranularity == ByProcess {
		v["update_granularity"] = "process"
	}
	if s.Strict {
		v["strict"] = true
	}
	if s.Orphans != AdoptOrphans {
		v["orphan_policy"] = s.Orphans.String()
	}
	return v
}

func (s *Server) json() map[string]any {
	_, name, named := strings.Cut(s.Section, ":")
	v := map[string]any{
		"family":   s.Family,
		"name":     orNull(name, named),
		"password": orNull(s.Password, s.credentials),
		"section":  s.Section,
		"username": orNull(s.Username, s.credentials),
	}
	if s.Family == "unix" {
		v["chmod"] = jsonMode(s.Mode)
		v["chown"] = newOwner(s.UID, s.GID, s.owner)
		v["file"] = s.Path
		return v
	}
	v["family"] = "inet"
	v["host"] = s.Host
	v["port"] = s.Port
	if s.GetActions {
		v["get_actions"] = true // Supervisor doesn't know it
	}
	if s.AllowedHosts != nil {
		v["allowed_hosts"] = s.AllowedHosts // nor this
	}
	return v
}

type jsonGroup struct {
	BinaryEvents  bool           `json:"binary_events,omitempty"` // Supervisor doesn't know it
	BufferSize    *int           `json:"buffer_size,omitempty"`
	Events        []string       `json:"events,omitempty"`
	Name          string         `json:"name"`
	Priority      int            `json:"priority"`
	Processes     []jsonProcess  `json:"processes"`
	ResultHandler string         `json:"result_handler,omitempty"`
	Socket        map[string]any `json:"socket,omitempty"`
	Type          string         `json:"type"`
}

func (g *Group) json() jsonGroup {
	v := jsonGroup{
		Name:      g.Name,
		Priority:  g.Priority,
		Processes: make([]jsonProcess, len(g.Processes)),
		Type:      [...]string{ProgramGroup: "group", EventListener: "eventlistener", FastCGI: "fcgi-program"}[g.Kind],
	}
	for i, p := range g.Processes {
		v.Processes[i] = p.json()
	}
	switch g.Kind {
	case EventListener:
		v.BinaryEvents, v.BufferSize = g.BinaryEvents, &g.BufferSize
		v.Events = slices.Sorted(slices.Values(g.Events))
		v.ResultHandler = g.ResultHandler
	case FastCGI:
		v.Socket = g.Socket.json()
	case ProgramGroup:
	}
	return v
}

func (s *FastCGISocket) json() map[string]any {
	v := map[string]any{"backlog": nil, "url": s.URL}
	if s.Backlog > 0 {
		v["backlog"] = s.Backlog
	}
	if s.Family == "unix" {
		v["mode"] = jsonMode(s.Mode)
		v["owner"] = nil
		if s.UID >= 0 {
			v["owner"] = newOwner(s.UID, s.GID, s.owner)
		}
	}
	return v
}

type jsonProcess map[string]any

func (p *Process) json() jsonProcess {
	v := jsonProcess{
		"argv":            p.argv(),
		"autorestart":     [...]any{RestartNever: false, RestartAlways: true, RestartUnexpected: "unexpected"}[p.Autorestart],
		"autostart":       p.Autostart && !p.byPlugin,
		"class":           [...]string{ProgramGroup: "ProcessConfig", EventListener: "EventListenerConfig", FastCGI: "FastCGIProcessConfig"}[p.Kind],
		"command":         p.Command,
		"directory":       orNull(p.Directory, p.isEmpty("directory")),
		"environment":     p.Environment.toMap(),
		"exitcodes":       p.ExitCodes,
		"killasgroup":     p.KillAsGroup,
		"name":            p.Name,
		"priority":        p.Priority,
		"redirect_stderr": p.RedirectStderr,
		"serverurl":       orNull(p.ServerURL, p.isEmpty("serverurl")),
		"startretries":    p.StartRetries,
		"startsecs":       p.StartSecs,
		"stopasgroup":     p.StopAsGroup,
		"stopsignal":      map[string]any{"name": signals.Name(p.StopSignal), "number": int(p.StopSignal)},
		"stopwaitsecs":    p.StopWaitSecs,
		"uid":             nil,
		"umask":           nil,
	}
	if p.UID != nil {
		v["uid"] = newID(*p.UID, p.User)
	}
	if p.Umask >= 0 {
		v["umask"] = jsonMode(p.Umask)
	}
	v.log("stdout", p.Stdout, p.isEmpty("stdout_logfile"))
	v.log("stderr", p.Stderr, p.isEmpty("stderr_logfile") && !p.RedirectStderr)
	return v
}

func (v jsonProcess) log(stream string, log Log, empty bool) {
	v[stream+"_logfile"] = orNull(log.File, empty)
	if log.Auto {
		v[stream+"_logfile"] = "AUTO"
	}
	v[stream+"_logfile_backups"] = log.Backups
	v[stream+"_logfile_maxbytes"] = log.MaxBytes
	v[stream+"_capture_maxbytes"] = log.CaptureMaxBytes
	v[stream+"_events_enabled"] = log.Events
	v[stream+"_syslog"] = log.Syslog
}

func (p *Process) isEmpty(option string) bool { return slices.Contains(p.empty, option) }

// argv is the command as it will be split, or why that will fail.
func (p *Process) argv() any {
	argv, err := shlex.Split(p.Command)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return append([]string{}, argv...)
}
